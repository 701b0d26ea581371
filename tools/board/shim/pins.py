"""`machine.Pin`, `machine.ADC` and `machine.dht_readinto`. Behaviour: `ports/esp32/machine_pin.c`, `machine_adc.c`,
`adc.c`; `drivers/dht/dht.c`. What is wired to the pins is in the control block: see `tools/board/wires.py`.

Interrupts: edges are counted outside and looked for in every sleep, in pieces of 10 ms; a handler is called then.
"""

import errno
import struct
import time

from wire import control, libc

from micropython import const

_STATION = const(5)  # offsets in the control block
_OUTSIDE = const(3584)
_DRIVEN = const(3624)
_EDGES = const(3664)
_MILLIVOLTS = const(3744)
_DHT = const(3824)

_ABSENT = (20, 24, 28, 29, 30, 31)
_FIRST_OF_FLASH, _LAST_OF_FLASH = const(6), const(11)
_FIRST_INPUT_ONLY = const(34)
_OUTPUT = const(2)  # bits of a mode
_OPEN_DRAIN = const(4)
_PIECE_MS = const(10)
_all = {}
_watched = []


class Pin:
    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2
    WAKE_LOW, WAKE_HIGH = 4, 5
    DRIVE_0, DRIVE_1, DRIVE_2, DRIVE_3 = 0, 1, 2, 3

    def __new__(cls, id, *args, **settings):
        if isinstance(id, Pin):
            id = id.id
        if not isinstance(id, int) or not 0 <= id <= 39 or id in _ABSENT:
            raise ValueError("invalid pin")
        if id not in _all:
            _all[id] = object.__new__(cls)
            _all[id].id = id
            _all[id].mode = _all[id].pull = _all[id].latch = 0
        return _all[id]

    def __init__(self, id, *args, **settings):
        if args or settings:
            self.init(*args, **settings)

    def __repr__(self):
        return "Pin(%d)" % self.id

    def init(self, mode=None, pull=-1, *, value=None, drive=None, hold=None):
        if _FIRST_OF_FLASH <= self.id <= _LAST_OF_FLASH:  # the port lets them be touched, and the code is gone
            libc.func("v", "_exit", "i")(1)
        if value is not None:
            self.latch = int(bool(value))
        if mode is not None:
            if self.id >= _FIRST_INPUT_ONLY and mode & _OUTPUT:
                raise ValueError("pin can only be input")
            self.mode = mode
        if pull != -1:
            self.pull = pull or 0
        self._drive()

    def _drive(self):
        driven = 0
        if self.mode & _OUTPUT and not (self.mode & _OPEN_DRAIN and self.latch):
            driven = 1 + self.latch
        control[_DRIVEN + self.id] = driven

    def value(self, level=None):
        if level is not None:
            self.latch = int(bool(level))
            self._drive()
            return None
        if not self.mode & 1:
            return 0
        level = control[_DRIVEN + self.id] or control[_OUTSIDE + self.id]
        return level - 1 if level else int(bool(self.pull & Pin.PULL_UP))

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(1 - self.latch)

    def irq(self, handler=None, trigger=3, wake=None):
        for watch in _watched:
            if watch.pin is self:
                _watched.remove(watch)
                break
        if handler:
            _watched.append(_Watch(self, handler, trigger))
        time.watch_pins(_look if _watched else None, _PIECE_MS)


class _Watch:
    def __init__(self, pin, handler, trigger):
        self.pin, self.handler, self.trigger = pin, handler, trigger
        self.seen = [0, 0]
        self.edges()

    def edges(self):
        """How many of each kind there were since the last call."""
        new = []
        for rising in (0, 1):
            count = control[_EDGES + 2 * self.pin.id + rising]
            new.append((count - self.seen[rising]) & 0xFF)
            self.seen[rising] = count
        return new


def _look():
    for watch in _watched:
        falling, rising = watch.edges()
        for _ in range(falling * bool(watch.trigger & 2) + rising * (watch.trigger & 1)):
            watch.handler(watch.pin)


_ADC1 = (36, 37, 38, 39, 32, 33, 34, 35)
_ADC2 = (4, 0, 2, 15, 13, 12, 14, 27, 25, 26)
_FULL_MV = (1100, 1467, 2195, 3300)  # of the attenuations; a chip bends near both ends


class ADC:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3
    WIDTH_9BIT, WIDTH_10BIT, WIDTH_11BIT, WIDTH_12BIT = 9, 10, 11, 12

    def __init__(self, pin, *, atten=-1):
        self.pin = Pin(pin).id
        if self.pin not in _ADC1 and self.pin not in _ADC2:
            raise ValueError("invalid pin")
        self.init(atten=atten)

    def init(self, *, atten=-1):
        self.bits = 12
        self.atten(3 if atten == -1 else atten)

    def atten(self, atten):
        if not 0 <= atten <= 3:
            raise ValueError("invalid attenuation")
        self.full_mv = _FULL_MV[atten]

    def width(self, bits):
        if not 9 <= bits <= 12:
            raise ValueError("invalid bit-width")
        self.bits = bits

    def read(self):
        if self.pin in _ADC2 and control[_STATION] & 1:  # the radio has that converter
            raise OSError(errno.ETIMEDOUT, "ESP_ERR_TIMEOUT")
        mv = struct.unpack_from("<H", control, _MILLIVOLTS + 2 * self.pin)[0]
        most = (1 << self.bits) - 1
        return min(most, (mv * most + self.full_mv // 2) // self.full_mv)

    def read_u16(self):
        return self.read() << 16 - self.bits | self.read() >> 2 * self.bits - 16

    def read_uv(self):
        most = (1 << self.bits) - 1
        return (self.read() * self.full_mv + most // 2) // most * 1000


def dht_readinto(pin, buf):
    """One exchange with the sensor; it takes 270 ms. Raises OSError(ETIMEDOUT) when none answers."""
    pin.init(Pin.OPEN_DRAIN)
    if len(buf) < 5:
        raise ValueError("buffer too small")
    time.sleep_ms(270)
    if control[_DHT] != pin.id + 1:
        raise OSError(errno.ETIMEDOUT)
    buf[:5] = control[_DHT + 1:_DHT + 6]
