"""What the device reports: the user's sensors and the built-in vitals, composed into one telemetry message.

A sensor keeps two values: the last one read and the last one the cloud has accepted. A message carries what differs.
"""

import json
import math

from xyte import log
from xyte.core.values import check, clip

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
        except Exception as e:  # the user's code: whatever it raises is a sensor failure, never ours
            self.failure = ("%s: %s %s" % (self.name, type(e).__name__, e)).rstrip()
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
        self._whole = True  # the message composed last says all that it should
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

    def compose(self, out, timestamp):
        """Write the message into `out` (JsonBuffer). timestamp: is the clock good enough to be sent?

        One that does not fit the buffer gives way to a short one that says so: the device stays visible.
        """
        out.clear()
        try:
            self._compose(out, timestamp, self._failure())
            self._whole = True
        except ValueError as e:
            self._whole = False
            log.error("telemetry", e)
            out.clear()
            out.value({"status": "error", "message": "telemetry %s: give Agent a larger buffer_bytes" % e})

    def _compose(self, out, timestamp, failure):
        out.write(b'{"status":"error"' if failure else b'{"status":"online"')
        if failure:
            out.write(b',"message":')
            out.value(clip(failure))
        if timestamp:
            out.write(b',"timestamp":')
            out.time(self._clock.now_s())
        if self.override:
            out.write(b',"override":true')
        out.write(b',"telemetries":{')
        between = b""
        for sensor in self._sensors:
            sensor.pending = sensor.failure == "" and (self.override or sensor.moved())
            if sensor.pending:
                out.write(between)
                out.write(sensor.member)
                out.value(sensor.value)
                between = b","
        out.write(b"}}")

    def _failure(self):
        """What is wrong, all of it, as one text; empty when nothing is. Does not allocate when nothing is."""
        text = self.message
        for sensor in self._sensors:
            if sensor.failure:
                text = text + "; " + sensor.failure if text else sensor.failure
        return text

    def accepted(self):
        """The cloud has taken the message: what it carried, if it was whole, is now what the cloud knows."""
        if not self._whole:
            return
        self.override = False
        for sensor in self._sensors:
            if sensor.pending:
                sensor.sent = sensor.value
                sensor.pending = False
