"""`time` as the esp32 port has it: epoch 2000, ticks that wrap at 2**30, the RTC instead of the host's clock.

All of it runs `speed` times as fast as the host. The ticks functions allocate nothing.
"""

from struct import pack_into

import utime
from wire import control, word

from micropython import const

_NUMERATOR = const(16)  # offsets in the control block
_CTRL_C = const(47)
_DENOMINATOR = const(18)
_RTC_SECONDS = const(20)
_RTC_MICROSECONDS = const(24)
_TLS_OFFSET = const(56)

_MASK = const(0x3FFFFFFF)
_EPOCH = const(946684800)  # of 2000-01-01 in seconds since 1970

_num = control[_NUMERATOR] | control[_NUMERATOR + 1] << 8
_den = control[_DENOMINATOR] | control[_DENOMINATOR + 1] << 8
_host_ms = utime.ticks_ms
_host_us = utime.ticks_us
_host_diff = utime.ticks_diff
_last = [_host_ms(), 0, 0]  # host ticks, board ticks, rest of the division
_seconds = word(_RTC_SECONDS)
_milliseconds = word(_RTC_MICROSECONDS) // 1000
_at = 0  # board ticks of _seconds
_look = None
_piece_ms = 0

ticks_cpu = _host_us
sleep_us = utime.sleep_us

if utime.ticks_add(0, -1) == _MASK:  # a 32-bit interpreter wraps as the chip does
    ticks_diff = utime.ticks_diff
    ticks_add = utime.ticks_add
else:

    def ticks_add(ticks, delta):
        if not -0x20000000 < delta < 0x20000000:
            raise OverflowError("ticks interval overflow")
        return (ticks + delta) & _MASK

    def ticks_diff(end, start):
        d = (end - start) & _MASK
        return d if d < 0x20000000 else d - _MASK - 1


def _take_ctrl_c():
    control[_CTRL_C] = 0
    raise KeyboardInterrupt


def ticks_ms():
    if control[_CTRL_C]:
        _take_ctrl_c()
    now = _host_ms()
    passed = _host_diff(now, _last[0]) * _num + _last[2]
    _last[0] = now
    _last[2] = passed % _den
    now = (_last[1] + passed // _den) & _MASK
    _last[1] = now
    return now


def ticks_us():
    return _host_us() * _num // _den & _MASK


def watch_pins(look, piece_ms):
    """Board only: call `look` in every sleep, so often; None: no more."""
    global _look, _piece_ms
    _look, _piece_ms = look, piece_ms


def sleep_ms(ms):
    if control[_CTRL_C]:
        _take_ctrl_c()
    if not _look:
        return _sleep_ms(ms)
    while True:
        _sleep_ms(min(ms, _piece_ms))
        _look()
        ms -= _piece_ms
        if ms <= 0:
            return


def _sleep_ms(ms):
    host_ms = ms * _den // _num
    if host_ms >= 1000:  # in us it might not fit a small int
        utime.sleep_ms(host_ms)
    elif ms > 0:
        utime.sleep_us(ms * 1000 * _den // _num)


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


def clock_ms():
    """Board only: milliseconds in the running second of the RTC; moves `_seconds` on."""
    global _seconds, _milliseconds, _at
    now = ticks_ms()
    _milliseconds += ticks_diff(now, _at)
    _at = now
    _seconds += _milliseconds // 1000
    _milliseconds %= 1000
    return _milliseconds


def set_clock(seconds, ms):
    """Board only: the RTC's new time."""
    global _seconds, _milliseconds, _at
    _at = ticks_ms()
    _seconds = seconds
    _milliseconds = ms
    tell_tls()


def tell_tls():
    """Board only: certificates are judged by the RTC."""
    pack_into("<q", control, _TLS_OFFSET, _seconds + _EPOCH - int(utime.time()))


def time():
    clock_ms()
    return _seconds


def time_ns():
    return time() * 1000000000 + _milliseconds * 1000000


def gmtime(seconds=None):
    return utime.gmtime((time() if seconds is None else seconds) + _EPOCH)[:8]


localtime = gmtime


def mktime(date):
    return int(utime.mktime(tuple(date[:8]) + (0,))) - _EPOCH


tell_tls()
