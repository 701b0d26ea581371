"""Everything of the chip that the agent is given, in one object: the seam between the agent and the hardware."""

import gc
import io
import os
import random
import sys
from binascii import crc32, hexlify

import esp32
import machine
import network

from xyte import phase
from xyte.device.clock import Clock
from xyte.device.stream import Connector
from xyte.device.wifi import Wifi

_CAUSES = {1: "PWRON_RESET", 2: "HARD_RESET", 3: "WDT_RESET", 4: "DEEPSLEEP_RESET", 5: "SOFT_RESET"}
_NAMESPACE = "xyte"
_WATCHDOG_MS = 60000  # longer than the longest step: DNS, one handshake step, one flash erase
_PIECE_MS = 500
_CONSOLE_MS = 86400000


class Chip:
    """keys: key-value store. clock: Clock. link: the network, after `start`. connect: opens streams."""

    root = ""  # what file paths are put behind
    reset = staticmethod(machine.reset)
    below = staticmethod(random.randrange)  # (n): a random int in 0..n-1, from a generator seeded per device
    heap_used = staticmethod(gc.mem_alloc)  # (gc.mem_free() also counts what the chip could still add)

    def __init__(self):
        self.clock = Clock()
        self._nvs = esp32.NVS(_NAMESPACE)  # once: every NVS() keeps a handle for ever
        self.link = None
        self.connect = Connector()
        self._watchdog = machine.WDT(timeout=_WATCHDOG_MS)
        self.feed = self._watchdog.feed
        seed = os.urandom(4)
        random.seed(crc32(machine.unique_id(), crc32(seed)) & 0x3FFFFFFF)
        self.session = hexlify(seed).decode()  # differs from run to run of the agent

    @property
    def keys(self):
        """The key-value store, for phases: who asks for it brings its code in."""
        from xyte.device.flash_keys import FlashKeys

        return FlashKeys(self._nvs)

    def clear_boots(self):
        """The application is healthy, or the next restart is wanted: it is no sign of trouble."""
        phase.call("xyte.device.boot_count", "clear")

    def start(self, settings, version):
        """Make what depends on the settings; a link that is there already stays. version: of the application."""
        if not self.link:
            self.link = Wifi(settings, self, network, version)
        self.connect.ca_files = settings.ca_files

    def pause(self, ms):
        """Sleep, and keep the watchdog content."""
        while ms > 0:
            self.clock.sleep_ms(min(ms, _PIECE_MS))
            self.feed()
            ms -= _PIECE_MS

    def slots(self, kind):
        """kind: "firmware" or "application". Raises CommandError for firmware on a board with one app partition."""
        if kind == "firmware":
            from xyte.device.firmware_slots import FirmwareSlots

            return FirmwareSlots()
        from xyte.device.application_slots import ApplicationSlots

        return ApplicationSlots(self.keys)

    def mac(self):
        return hexlify(machine.unique_id(), ":").decode()

    def pressed(self, pin):
        """Does a button pull this pin to ground? pin: GPIO number, below 0 for none."""
        return pin >= 0 and not machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP).value()

    def reset_cause(self):
        return _CAUSES.get(machine.reset_cause(), "UNKNOWN_RESET")

    def release_watchdog(self):
        """It cannot be stopped; a new timeout of a day leaves a person at the console in peace."""
        machine.WDT(timeout=_CONSOLE_MS)

    def traceback(self, error):
        """An exception as text, with where it was raised."""
        text = io.StringIO()
        sys.print_exception(error, text)  # pyright: ignore[reportArgumentType] - the stubs know no StringIO
        return text.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
