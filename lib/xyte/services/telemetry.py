"""What the device reports: the user's sensors and the built-in vitals, composed into one telemetry message.

A sensor keeps two values: the last one read and the last one the cloud has accepted. A message carries what differs.
"""

import json
import math

from micropython import const
from xyte import log, phase
from xyte.core.sieve import Sieve
from xyte.core.values import check, clip, words

_MEMBER_BYTES = const(96)  # the API names no limit for an id: this is 73 characters, a UUID has 36
_ACTED_ON = (b'"command"', b'"latest_fw_file_id"')  # of the answer to a telemetry
_DAY_S = const(86400)
_FAILURE_BYTES = const(200)
_ENOUGH_CHARS = const(1000)  # of failures, for one message

_EXACT = (str, bool, type(None))  # ready made: a tuple written in place is made anew each time


class Sensor:
    """One telemetry key. read: callable -> value, or the value itself when it never changes.

    every_ms: least time between reads, 0 for each message. deadband: a value that is no further than this from what
    the cloud knows is left out, so 0 means "when it changes"; None: sent with every message.
    failure: "" while `value` is what was read last; else why there is none; None: not read yet.
    """

    def __init__(self, name, read, every_ms=0, deadband=None):
        self.name, self.read, self.every_ms, self.deadband = name, read, every_ms, deadband
        self.member = (json.dumps(name) + ":").encode()  # ready for every message
        self.value = self.sent = self.failure = None
        self.read_ms = 0
        self.pending = False

    def take(self, now_ms):
        """Read the sensor and judge the value. A failure is kept as text, and the last value is not repeated."""
        self.read_ms = now_ms
        try:
            value = self.read() if callable(self.read) else self.read
            check(value)
            self.value, self.failure = value, ""
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as e:  # the user's code: whatever it raises is a sensor failure, never ours
            self.failure = words(e, _FAILURE_BYTES)
            self.failure = ("%s: %s %s" % (self.name, type(e).__name__, self.failure)).rstrip()
            log.warning("sensor", self.failure)

    def moved(self):
        """Is the value news to the cloud?"""
        if self.deadband is None:
            return True
        value, sent = self.value, self.sent
        if isinstance(value, _EXACT) or isinstance(sent, _EXACT):
            return value != sent
        if isinstance(value, float):  # the difference would be an object
            return not math.isclose(value, sent, rel_tol=0, abs_tol=self.deadband)
        return not -self.deadband <= value - sent <= self.deadband


class Telemetry:
    """All sensors, and the message made of them. clock: ticks_diff, now_s."""

    def __init__(self, clock):
        self._clock = clock
        self._sensors = []
        self.override = True  # the next message replaces the whole state in the cloud
        self.read_all = False  # the next message wants every sensor fresh
        self._left_out = ""  # sensors that did not fit the message composed last; None: nothing of it counts
        self.message = ""  # a standing fault of the device itself: reported as status "error"

    def add(self, sensor):
        """Raises ValueError for a name that is taken or cannot be a telemetry key."""
        if not sensor.name or not isinstance(sensor.name, str) or sensor.name == "status":
            raise ValueError("sensor name %r" % (sensor.name,))
        for other in self._sensors:
            if other.name == sensor.name:
                raise ValueError("two sensors are called '%s'" % sensor.name)
        self._sensors.append(sensor)

    def read(self, now_ms, for_message=False):
        """Read the sensors whose period is over; for a message also those that have none, or all if that is wanted.

        now_ms: ticks.
        """
        everything = for_message and (self.override or self.read_all)
        if for_message:
            self.read_all = False
        for sensor in self._sensors:
            if everything or (for_message or sensor.every_ms) and self._is_due(sensor, now_ms):
                sensor.take(now_ms)

    def _is_due(self, sensor, now_ms):
        """Below 0 the ticks have wrapped: days have passed, with the line down."""
        age_ms = self._clock.ticks_diff(now_ms, sensor.read_ms)
        return sensor.failure is None or not 0 <= age_ms < sensor.every_ms

    def next_read_ms(self, now_ms, longest_ms):
        """Milliseconds until the next periodic read, at most longest_ms. Others are read for each message."""
        for sensor in self._sensors:
            if sensor.every_ms:
                longest_ms = min(longest_ms, sensor.every_ms - self._clock.ticks_diff(now_ms, sensor.read_ms))
        return max(0, longest_ms)

    def compose(self, out, dated):
        """Write the message into `out` (JsonBuffer). dated: is the clock good enough to be sent?

        A sensor that does not fit the buffer is left out, and is news for the next message. When there is no room for
        what comes before the sensors, a short message says so: the device stays visible.
        """
        out.clear()
        try:
            left_out = self._compose(out, dated, self._failure())
            if left_out and left_out != self._left_out:
                log.warning("telemetry", "no room for%s: give Agent a larger buffer_bytes" % left_out)
            self._left_out = left_out
        except ValueError as e:
            self._left_out = None
            log.error("telemetry", e)
            out.clear()
            out.value({"status": "error", "message": "telemetry %s: give Agent a larger buffer_bytes" % e})

    def _compose(self, out, dated, failure):
        out.write(b'{"status":"error"' if failure else b'{"status":"online"')
        if failure:
            out.write(b',"message":')
            out.value(clip(failure))
        if dated:
            out.write(b',"timestamp":')
            write_time(out, self._clock.now_s())
        if self.override:
            out.write(b',"override":true')
        out.write(b',"telemetries":{')
        left_out = ""
        for sensor in self._sensors:
            sensor.pending = sensor.failure == "" and (self.override or sensor.moved())
            if sensor.pending:
                end = out.end
                try:
                    out.write(sensor.member)
                    out.value(sensor.value)
                    out.write(b",}")  # so that the end fits, too
                    out.end -= 1
                except ValueError:
                    sensor.pending, out.end = False, end
                    left_out += " " + sensor.name
        if out.buf[out.end - 1] == 44:
            out.end -= 1
        out.write(b"}}")
        return left_out

    def _failure(self):
        """What is wrong, all of it, as one text; empty when nothing is. Does not allocate when nothing is."""
        text = self.message
        for sensor in self._sensors:
            if sensor.failure and len(text) < _ENOUGH_CHARS:
                text = text + "; " + sensor.failure if text else sensor.failure
        return text

    def accepted(self):
        """The cloud has taken the message: what it carried is now what the cloud knows."""
        if self._left_out is None:
            return
        for sensor in self._sensors:
            if sensor.pending:
                sensor.sent = sensor.value
                sensor.pending = False
            elif self.override:  # the rest is gone there
                sensor.sent = None
        self.override = False


def report(cloud, keep_date=False):
    """Send the telemetry that lies in `cloud.out`. Returns what the answer says of what we act on, as a dict.

    Returns None when that is the same as in the last answer that `cloud.sieve` was told is quiet: nothing new is asked.
    keep_date: also note the server's clock, as `cloud.date` (HTTP date text or None).
    Raises LinkError (no usable answer), RefusedError (an unwelcome status).
    """
    response = cloud.http.request("POST", cloud.telemetry, cloud.out, cloud.authorized, None, keep_date)
    if response.status_code not in (200, 201):
        raise phase.call("xyte.services.calls", "refusal", response)
    cloud.date = response.headers.get("date") if keep_date else None
    sieve = cloud.sieve
    if not sieve:
        sieve = cloud.sieve = Sieve(_ACTED_ON, _MEMBER_BYTES)
    sieve.reset()
    response.feed(sieve)
    return None if sieve.is_quiet() else phase.call("xyte.core.answers", "members", sieve.content())


def write_time(out, now_s):
    """An ISO 8601 string. out: JsonBuffer. now_s: seconds since 2000-01-01 UTC, to the end of 2099."""
    days, rest = now_s // _DAY_S - 60, now_s % _DAY_S  # since March 2000: a leap day is then the last of a year,
    year = (4 * days + 3) // 1461  # ... four years have 1461 days,
    days -= 1461 * year // 4
    month = (5 * days + 2) // 153  # ... and each five months from March on have 153
    out.write(b'"2000-00-00T00:00:00Z"')
    _add(out, 19, year + month // 10)
    _add(out, 16, (month + 2) % 12 + 1)
    _add(out, 13, days - (153 * month + 2) // 5 + 1)
    _add(out, 10, rest // 3600)
    _add(out, 7, rest // 60 % 60)
    _add(out, 4, rest % 60)


def _add(out, back, number):
    """To the two digits that stand `back` bytes before the end."""
    at = out.end - back
    out.buf[at] += number // 10
    out.buf[at + 1] += number % 10
