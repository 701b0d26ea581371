"""The wall clock. TLS needs a plausible one to judge certificates; telemetry wants a right one for its timestamps.

After a power loss the chip counts from 2000. Then, in this order: the time kept in flash or the build date as a floor,
so that certificates can be judged at all; NTP; the Date of a verified answer from the hub, where NTP is blocked.
NTP is not authenticated: nothing before the build date is believed.
"""

from micropython import const
from xyte import log
from xyte.core import dates
from xyte.errors import StoreError

BUILD_S = dates.seconds(2026, 11, 22)
_END_S = dates.seconds(2100, 1, 1)
_KEY = "time"
_KEEP_EVERY_S = const(86400)  # flash wear: at most one write a day
_AGAIN_MS = const(86400000)  # the chip's crystal drifts a second or two a day
_RETRY_MS = const(60000)


class Timekeeper:
    """clock: device clock. keys: key-value store for the last known time."""

    def __init__(self, clock, keys):
        self._clock, self._keys = clock, keys
        self._next_ms = clock.ticks_ms()
        self.trusted = False
        self._kept_s = 0

    def start(self, powered_on):
        """powered_on: this start followed a power loss, so the chip's clock is not to be believed."""
        try:
            kept = self._keys.get(_KEY)
        except StoreError as e:
            log.error("clock", e)
            kept = None
        self._kept_s = int.from_bytes(kept, "little") if kept and len(kept) == 4 else 0
        floor = max(BUILD_S, self._kept_s)
        now = self._clock.now_s()
        if now < floor:
            self._clock.set_s(floor)
        elif not powered_on:
            self.trusted = True  # it ran through the reset

    def step(self):
        """When it is due, ask the network for the time."""
        if self._clock.left_ms(self._next_ms) > 0:
            return
        try:
            self._take(self._clock.ask_network_s(), "NTP")
            pause = _AGAIN_MS
        except (OSError, OverflowError, ValueError) as e:
            log.warning("clock", "no time: %r" % e)
            pause = _RETRY_MS
        self._next_ms = self._clock.after_ms(pause)

    def hear(self, date):
        """The Date of an answer from the hub, which TLS has verified. Taken when nothing better is known."""
        now_s = dates.http_date(date) if date and not self.trusted else None
        if now_s is not None and BUILD_S <= now_s < _END_S:
            self._take(now_s, "the hub")

    def _take(self, now_s, source):
        if not BUILD_S <= now_s < _END_S:
            raise ValueError("%s: impossible time" % source)
        if abs(now_s - self._clock.now_s()) > 1:
            self._clock.set_s(now_s)
        if not self.trusted:
            log.info("clock", "set from %s" % source)
        self.trusted = True
        if abs(now_s - self._kept_s) >= _KEEP_EVERY_S:  # backwards too: a wrong future must not stay the floor
            self._kept_s = now_s
            try:
                self._keys.set(_KEY, now_s.to_bytes(4, "little"))
            except StoreError as e:  # the clock itself is right
                log.error("clock", e)
