"""The chip as the agent sees it, without a chip: time that moves when told, keys in a dict, a link to cut."""

from xyte.device.button import Button
from xyte.errors import StoreError

_WRAP = 1 << 30  # ticks of the ESP32 port wrap here


class FakeClock:
    """Ticks start near their wrap, so that every test crosses it. Sleeping moves the time and nothing else does."""

    def __init__(self, now_s=0):
        self.ms = _WRAP - 5000
        self._base_s = now_s
        self._base_ms = self.ms
        self.network_s = None  # what NTP says; None: it does not answer

    def ticks_ms(self):
        return self.ms % _WRAP

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % _WRAP

    def ticks_diff(self, later, earlier):
        return ((later - earlier + _WRAP // 2) % _WRAP) - _WRAP // 2

    def after_ms(self, ms):
        return self.ticks_add(self.ticks_ms(), ms)

    def left_ms(self, ticks):
        return self.ticks_diff(ticks, self.ticks_ms())

    def sleep_ms(self, ms):
        self.ms += ms

    def now_s(self):
        return self._base_s + (self.ms - self._base_ms) // 1000

    def set_s(self, now_s):
        self._base_s, self._base_ms = now_s, self.ms


class PowerCut(GeneratorExit):  # which the agent lets through, as it does nothing else that is not Ctrl-C
    """The power is gone: nothing that the agent could catch."""


class Fuse:
    """Blows at the n-th place that it is asked (from 1), and so cuts the power there. blows_at 0: never."""

    def __init__(self, blows_at=0):
        self.blows_at, self.burnt = blows_at, 0

    def burn(self):
        self.burnt += 1
        if self.burnt == self.blows_at:
            raise PowerCut()


class FakeKeys:
    """NVS in a dict. `broken` makes every write fail as a full flash does, `unreadable` every read.

    fuse: may cut the power before and after each write.
    """

    def __init__(self):
        self.values = {}
        self.writes = 0
        self.broken = self.unreadable = False
        self.fuse = Fuse()

    def get(self, key):
        if self.unreadable:
            raise StoreError("NVS read %s: broken" % key)
        return self.values.get(key)

    def set(self, key, value):
        if self.broken:
            raise StoreError("NVS write %s: no space" % key)
        if self.values.get(key) != value:
            self.fuse.burn()
            self.values[key] = bytes(value)
            self.writes += 1
            self.fuse.burn()

    def get_int(self, key):
        return int(self.get(key) or b"0")

    def set_int(self, key, value):
        self.set(key, b"%d" % value)

    def erase(self, key):
        self.values.pop(key, None)


class FakeLink:
    def __init__(self):
        self.is_up = True
        self.silent = 0
        self.history = None

    def step(self):
        return self.is_up

    def rssi(self):
        return -60

    def heard(self):
        self.silent = 0

    def failed(self, error):
        self.silent += 1


class FakeBoots:
    def __init__(self):
        self.count = 1

    def clear(self):
        self.count = 0


class Restarted(GeneratorExit):
    """machine.reset() does not return: this flies through everything."""


class FakePin:
    """Of a button to ground."""

    def __init__(self, chip, pin):
        self._chip, self._pin = chip, pin

    def value(self):
        return int(self._pin not in self._chip.held_pins)


class FakeChip:
    """root: folder for files. connect: a FakeServer. cause: reset cause as text."""

    def __init__(self, root, connect, cause="PWRON_RESET", session="aa", keys=None, clock=None):
        self.root, self.connect, self.session = root, connect, session
        self.clock = clock or FakeClock()
        if connect:
            connect.clock = self.clock
        self.keys = keys or FakeKeys()
        self.link, self.boots = FakeLink(), FakeBoots()
        self.cause = cause
        self.fed = self.hungry_ms = 0  # how often the watchdog was fed, and its longest wait for it
        self._fed_ms = self.clock.ms
        self.released = False
        self.held_pins = ()

    def start(self, settings, version):
        pass

    def button(self, pin):
        return Button(FakePin(self, pin), self.clock)

    def clear_boots(self):
        self.boots.clear()

    def feed(self):
        self.fed += 1
        self.hungry_ms = max(self.hungry_ms, self.clock.ms - self._fed_ms)
        self._fed_ms = self.clock.ms

    def pause(self, ms):
        while ms > 0:
            self.clock.sleep_ms(min(ms, 500))
            self.feed()
            ms -= 500

    def below(self, n):
        return n // 2

    def mac(self):
        return "02:00:5e:10:00:7f"

    def set_clock(self, now_s):
        self.clock.set_s(now_s)

    def ask_network_s(self):
        if self.clock.network_s is None:
            raise OSError(110)
        return self.clock.network_s

    def reset_cause(self):
        return self.cause

    def reset(self):
        raise Restarted()

    def release_watchdog(self):
        self.released = True

    def heap_used(self):
        return 12345

    def traceback(self, error):
        return "%s: %s" % (type(error).__name__, error)
