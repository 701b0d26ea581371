"""What the device reports: the user's sensors and the built-in vitals, composed into one telemetry message.

A sensor keeps two values: the last one read and the last one the cloud has accepted. A message carries what differs.
"""

from xyte import log
from xyte.core import dates, values
from xyte.core.values import clip


class Sensor:
    """One telemetry key. read: callable -> value. every_ms: least time between reads, 0 for each message.

    deadband: a value that is no further than this from what the cloud knows is left out, so 0 means "when it changes";
    None: sent with every message.
    """

    def __init__(self, name, read, every_ms=0, deadband=None):
        self.name, self.read, self.every_ms, self.deadband = name, read, every_ms, deadband
        self.value = self.sent = None
        self.read_ms = 0
        self.known = False  # `value` holds something
        self.failure = ""
        self.pending = False

    def due(self, now_ms, diff):
        return not (self.known or self.failure) or diff(now_ms, self.read_ms) >= self.every_ms

    def take(self, now_ms):
        """Read the sensor and judge the value. A failure is kept as text, and the last value is not repeated."""
        self.read_ms = now_ms
        try:
            value = self.read()
            values.check(value)
        except Exception as e:  # the user's code: whatever it raises is a sensor failure, never ours
            self.known = False
            self.failure = "%s: %s" % (self.name, _words(e))
            return
        self.value, self.known, self.failure = value, True, ""

    def moved(self):
        """Is the value news to the cloud?"""
        if self.deadband is None:
            return True
        value, sent = self.value, self.sent
        if value is None or sent is None or isinstance(value, (str, bool)) or isinstance(sent, (str, bool)):
            return value != sent
        return not -self.deadband <= value - sent <= self.deadband


def _words(e):
    return "%s %s" % (type(e).__name__, e) if str(e) else type(e).__name__


class Telemetry:
    """All sensors, and the message made of them. clock: ticks_ms, ticks_diff, now_s."""

    def __init__(self, clock):
        self._clock = clock
        self._sensors = []
        self.override = True  # the next message replaces the whole state in the cloud
        self.message = ""  # a standing fault of the device itself: reported as status "error"

    def add(self, sensor):
        """Raises ValueError for a name that is taken or cannot be a telemetry key."""
        if not sensor.name or not isinstance(sensor.name, str) or sensor.name == "status":
            raise ValueError("sensor name %r" % (sensor.name,))
        for other in self._sensors:
            if other.name == sensor.name:
                raise ValueError("two sensors are called '%s'" % sensor.name)
        self._sensors.append(sensor)

    def read_due(self, now_ms, everything=False):
        """Read every sensor whose period is over (or all of them)."""
        for sensor in self._sensors:
            if everything or sensor.due(now_ms, self._clock.ticks_diff):
                sensor.take(now_ms)
                if sensor.failure and not sensor.known and log.enabled(log.WARNING):
                    log.warning("sensor", sensor.failure)

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
        try:
            self._compose(out, timestamp, self._failure())
        except ValueError as e:
            for sensor in self._sensors:
                sensor.pending = False
            log.error("telemetry", str(e))
            out.clear()
            out.value({"status": "error", "message": "telemetry %s: give Agent a larger buffer_bytes" % e})

    def _compose(self, out, timestamp, failure):
        out.clear()
        out.raw(b'{"status":"error"' if failure else b'{"status":"online"')
        if failure:
            out.raw(b',"message":')
            out.text(clip(failure))
        if timestamp:
            out.raw(b',"timestamp":')
            dates.put_iso(out, self._clock.now_s())
        if self.override:
            out.raw(b',"override":true')
        out.raw(b',"telemetries":{')
        first = True
        for sensor in self._sensors:
            sensor.pending = sensor.known and (self.override or sensor.moved())
            if sensor.pending:
                if not first:
                    out.raw(b",")
                first = False
                out.text(sensor.name)
                out.raw(b":")
                out.value(sensor.value)
        out.raw(b"}}")

    def _failure(self):
        """What is wrong, all of it, as one text; empty when nothing is. Does not allocate when nothing is."""
        text = self.message
        for sensor in self._sensors:
            if sensor.failure:
                text = text + "; " + sensor.failure if text else sensor.failure
        return text

    def accepted(self):
        """The cloud has taken the message: what it carried is now what the cloud knows."""
        for sensor in self._sensors:
            if sensor.pending:
                sensor.sent = sensor.value
                sensor.pending = False
        self.override = False
