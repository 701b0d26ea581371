"""The board's own time: runs `speed` times as fast as the host's, and carries the RTC."""

from __future__ import annotations

import time
from fractions import Fraction

EPOCH_2000 = 946684800  # in seconds since 1970


class Clock:
    """Time since power-up and the RTC, which starts at 2000-01-01 with every power-up."""

    def __init__(self, speed: Fraction):
        self.speed = speed
        self.power_up()

    def power_up(self) -> None:
        """The RTC starts anew."""
        self._start = time.monotonic()
        self._offset_us = 0

    def rtc(self) -> tuple[int, int]:
        """Seconds since 2000 and microseconds."""
        return divmod(self._since_start_us() + self._offset_us, 1_000_000)

    def set_rtc(self, seconds: int, microseconds: int) -> None:
        """The board set its RTC."""
        self._offset_us = seconds * 1_000_000 + microseconds - self._since_start_us()

    def host_seconds(self, board_ms: int) -> float:
        """How long `board_ms` take on the host."""
        return float(board_ms / 1000 / self.speed)

    def _since_start_us(self) -> int:
        return int((time.monotonic() - self._start) * 1_000_000 * self.speed)


def network_time(offset_s: int) -> int:
    """What an NTP server tells, in seconds since 2000; `offset_s` makes it wrong."""
    return int(time.time()) - EPOCH_2000 + offset_s
