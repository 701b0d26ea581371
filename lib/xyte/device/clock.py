"""Ticks for durations, and the wall clock as seconds since 2000-01-01 UTC."""

import time

_FROM_1970_S = 946684800  # 1970 to 2000; the unix port counts from 1970, the chip from 2000


class Clock:
    ticks_ms = staticmethod(time.ticks_ms)
    ticks_add = staticmethod(time.ticks_add)
    ticks_diff = staticmethod(time.ticks_diff)
    sleep_ms = staticmethod(time.sleep_ms)

    def __init__(self):
        self._offset_s = _FROM_1970_S if time.gmtime(0)[0] == 1970 else 0

    def after_ms(self, ms):
        """The ticks in so many milliseconds from now."""
        return time.ticks_add(time.ticks_ms(), ms)

    def left_ms(self, ticks):
        """Milliseconds until these ticks; 0 or less when they have passed, but ahead again after six days."""
        return time.ticks_diff(ticks, time.ticks_ms())

    def now_s(self):
        """Seconds since 2000-01-01 UTC, as far as the clock knows."""
        return int(time.time()) - self._offset_s

    def set_s(self, now_s):
        """Set the chip's clock, which then survives resets but not a power loss."""
        from machine import RTC

        year, month, day, hour, minute, second, weekday = time.gmtime(now_s + self._offset_s)[:7]
        RTC().datetime((year, month, day, weekday, hour, minute, second, 0))

    def ask_network_s(self):
        """The time by NTP, as now_s. Blocks up to a second or two. Raises OSError."""
        import ntptime

        return ntptime.time() - self._offset_s
