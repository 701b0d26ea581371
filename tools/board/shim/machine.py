"""`machine` of an ESP32: resets, watchdog, RTC. Behaviour: `ports/esp32/modmachine.c`, `machine_*.c`."""

import struct
import time
from array import array

import wire
from umachine import mem8, mem16, mem32  # noqa: F401

from micropython import const

_CAUSE = const(6)  # offsets in the control block
_MAC = const(10)
_WDT_LEFT = const(36)
_WDT_TIMEOUT = const(40)
_RTC_MAGIC = const(48)
_RTC_LENGTH = const(52)
_RTC_DATA = const(512)
_RTC_SIZE = const(2048)
_SET_RTC = const(13)
_RESET = const(12)

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
SLEEP = 2
DEEPSLEEP = 4

_control = wire.control
_setitimer = wire.libc.func("i", "setitimer", "ipp")
_timer = array("l", [0, 0, 0, 0])  # struct itimerval: interval, then value, in s and us
_frequency = 160000000


class WDT:
    """SIGALRM ends the interpreter when nobody feeds; nothing in it can prevent that."""

    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError()
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        arm_watchdog(timeout, timeout)

    def feed(self):
        _setitimer(0, _timer, None)


def arm_watchdog(timeout, left):
    """Board only: `left` ms until it bites, `timeout` ms after each feeding."""
    struct.pack_into("<I", _control, _WDT_TIMEOUT, timeout)
    for ms in (left, timeout):
        us = ms * 1000 * time._den // time._num
        _timer[2] = us // 1000000
        _timer[3] = us % 1000000 or (us < 1000000)
        if ms == left:
            _setitimer(0, _timer, None)


def watchdog_left():
    """Board only: what a soft reset hands over, ms; 0 when it was never armed."""
    if not wire.word(_WDT_TIMEOUT):
        return 0
    left = array("l", [0, 0, 0, 0])
    wire.libc.func("i", "getitimer", "ip")(0, left)
    return (left[2] * 1000 + left[3] // 1000) * time._num // time._den or 1


class RTC:
    def __init__(self):
        if wire.word(_RTC_MAGIC) != 0x75507921:
            struct.pack_into("<IH", _control, _RTC_MAGIC, 0x75507921, 0)

    def memory(self, data=None):
        if data is None:
            size = _control[_RTC_LENGTH] | _control[_RTC_LENGTH + 1] << 8
            return bytes(memoryview(_control)[_RTC_DATA:_RTC_DATA + size])
        if len(data) > _RTC_SIZE:
            raise ValueError("buffer too long")
        memoryview(_control)[_RTC_DATA:_RTC_DATA + len(data)] = bytes(data)
        struct.pack_into("<H", _control, _RTC_LENGTH, len(data))

    def datetime(self, new=None, hour=4):
        if new is None:
            t = time.gmtime()
            return t[:3] + (t[6],) + t[3:6] + (time._milliseconds * 1000,)
        if len(new) != 8:
            raise ValueError("requested length 8 but object has length %d" % len(new))
        seconds = time.mktime((new[0], new[1], new[2], new[hour], new[hour + 1], new[hour + 2], 0, 0))
        time.set_clock(seconds, new[7] // 1000)
        wire.call(_SET_RTC, 0, seconds, new[7])

    def init(self, new):
        self.datetime(new, 3)


def reset_cause():
    return _control[_CAUSE]


def unique_id():
    return bytes(memoryview(_control)[_MAC:_MAC + 6])


def reset():
    wire.call(_RESET, HARD_RESET)


def soft_reset():
    raise SystemExit


def deepsleep(ms=-1):
    wire.call(_RESET, DEEPSLEEP_RESET, ms & 0xFFFFFFFF)


def lightsleep(ms=None):
    if ms is None:
        while True:
            time.sleep(3600)
    time.sleep_ms(ms)


sleep = lightsleep


def idle():
    time.sleep_ms(1)


def wake_reason():
    return 4 if reset_cause() == DEEPSLEEP_RESET else 0


def freq(hz=None):
    global _frequency
    if hz is None:
        return _frequency
    if hz // 1000000 not in (20, 40, 80, 160, 240):
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    _frequency = hz


def disable_irq():
    return 0


def enable_irq(state=0):
    pass


def __getattr__(name):
    """What few boards use is loaded when it is first asked for, and stays then: pins keep their state."""
    if name in ("Pin", "ADC", "dht_readinto"):
        pins = wire.load("pins")
        globals().update({"Pin": pins.Pin, "ADC": pins.ADC, "dht_readinto": pins.dht_readinto})
        return getattr(pins, name)
    raise AttributeError(name)
