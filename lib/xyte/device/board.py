"""The part of `Chip` that is wanted once in a while: it is loaded for one call, and gone after it."""

import io
import sys
import time
from binascii import hexlify

import machine
import network

from micropython import const
from xyte import phase

_CAUSES = {1: "PWRON_RESET", 2: "HARD_RESET", 3: "WDT_RESET", 4: "DEEPSLEEP_RESET", 5: "SOFT_RESET"}
_PIECE_MS = const(500)
_CONSOLE_MS = const(86400000)


def part(chip, name):
    """The method of Board that is called `name`. Raises AttributeError when there is none."""
    return getattr(Board(chip), name)


class Board:
    """chip: Chip."""

    def __init__(self, chip):
        self._chip = chip

    def start(self, settings, version):
        """Make what depends on the settings; a link that is there already stays. version: of the application."""
        chip = self._chip
        if not chip.link:
            from xyte.device.wifi import Wifi

            chip.link = Wifi(settings, chip, network, version)
        chip.connect.ca_files = settings.ca_files
        if settings.ca_files:
            phase.call("xyte.device.trust", "prepare", chip.connect)

    def reset_cause(self):
        """Name of the constant of `machine` that says why this start came."""
        return _CAUSES.get(machine.reset_cause(), "UNKNOWN_RESET")

    def clear_boots(self):
        """The application is healthy, or the next restart is wanted: it is no sign of trouble."""
        phase.call("xyte.device.boot_count", "clear")

    def pause(self, ms):
        """Sleep, and keep the watchdog content."""
        while ms > 0:
            time.sleep_ms(min(ms, _PIECE_MS))
            self._chip.feed()
            ms -= _PIECE_MS

    def mac(self):
        """aa:bb:cc:dd:ee:ff"""
        return hexlify(machine.unique_id(), ":").decode()

    def button(self, number):
        """The Button on a GPIO, or None."""
        return phase.call("xyte.device.button", "of", self._chip, number)

    def set_clock(self, now_s):
        """Set the chip's clock, which then survives resets but not a power loss. now_s: as Clock.now_s."""
        year, month, day, hour, minute, second, weekday = time.gmtime(now_s + self._chip.clock.epoch_s)[:7]
        machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))

    def ask_network_s(self):
        """The time by NTP, as Clock.now_s. Blocks up to a second or two. Raises OSError."""
        import ntptime

        return ntptime.time() - self._chip.clock.epoch_s

    def traceback(self, error):
        """An exception as text, with where it was raised."""
        text = io.StringIO()
        sys.print_exception(error, text)  # pyright: ignore[reportArgumentType] - the stubs know no StringIO
        return text.getvalue()  # pyright: ignore[reportAttributeAccessIssue]

    def release_watchdog(self):
        """It cannot be stopped; a new timeout of a day leaves a person at the console in peace."""
        machine.WDT(timeout=_CONSOLE_MS)
