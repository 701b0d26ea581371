"""Everything of the chip that the agent is given, in one object: the seam between the agent and the hardware."""

import gc
import os
import random
import time
from binascii import crc32, hexlify

import esp32
import machine

from micropython import const
from xyte import phase
from xyte.device.stream import Connector

_WATCHDOG_MS = const(60000)  # longer than the longest step: DNS, one handshake step, one flash erase
_FROM_1970_S = const(946684800)  # 1970 to 2000; the unix port counts from 1970, the chip from 2000


class Clock:
    """Ticks for durations, and the wall clock. epoch_s: 2000-01-01 UTC as time.time() counts, seconds."""

    ticks_ms = staticmethod(time.ticks_ms)
    ticks_add = staticmethod(time.ticks_add)
    ticks_diff = staticmethod(time.ticks_diff)
    sleep_ms = staticmethod(time.sleep_ms)
    epoch_s = _FROM_1970_S if time.gmtime(0)[0] == 1970 else 0

    def after_ms(self, ms):
        """The ticks in so many milliseconds from now."""
        return time.ticks_add(time.ticks_ms(), ms)

    def left_ms(self, ticks):
        """Milliseconds until these ticks; 0 or less when they have passed, but ahead again after six days."""
        return time.ticks_diff(ticks, time.ticks_ms())

    def now_s(self):
        """Seconds since 2000-01-01 UTC, as far as the clock knows."""
        return int(time.time()) - self.epoch_s


class Chip:
    """keys: key-value store. clock: Clock. link: the network, after `start`. connect: opens streams.

    What is asked of it once in a while looks as if it were here: slots is in slots.py, and in board.py are start,
    reset_cause, clear_boots, pause, mac, button, set_clock, ask_network_s, release_watchdog and traceback.
    """

    root = ""  # what file paths are put behind
    reset = staticmethod(machine.reset)
    below = staticmethod(random.randrange)  # (n): a random int in 0..n-1, from a generator seeded per device
    heap_used = staticmethod(gc.mem_alloc)  # (gc.mem_free() also counts what the chip could still add)

    def __init__(self):
        self.clock = Clock()
        self._nvs = esp32.NVS("xyte")  # once: every NVS() keeps a handle for ever
        self.link = None
        self.connect = Connector()
        self.feed = machine.WDT(timeout=_WATCHDOG_MS).feed
        seed = os.urandom(4)
        random.seed(crc32(machine.unique_id(), crc32(seed)) & 0x3FFFFFFF)
        self.session = hexlify(seed).decode()  # differs from run to run of the agent

    def __getattr__(self, name):
        if name == "slots":
            return phase.call("xyte.device.slots", "of", self)
        return phase.call("xyte.device.board", "part", self, name)

    @property
    def keys(self):
        """The key-value store, for phases: who asks for it brings its code in."""
        from xyte.device.flash_keys import FlashKeys

        return FlashKeys(self._nvs)
