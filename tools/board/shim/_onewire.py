"""`_onewire`: the bus of `extmod/modonewire.c`, with DS18B20 sensors on it as their data sheet describes them.

Which there are is in the control block: see `tools/board/wires.py`. After power-up a sensor says 85 degrees; a
conversion takes 750 ms, and a reading before that gives the old value.
"""

import struct
import time

from wire import control

from micropython import const

_BUS = const(3830)  # offset in the control block
_CONVERT_MS = const(750)
_SEARCH, _MATCH, _SKIP, _CONVERT, _READ = const(0xF0), const(0x55), const(0xCC), const(0x44), const(0xBE)
_POWER_UP = const(85 * 16)

_kept = {}  # ROM -> value of the last conversion
_conversion = []  # ticks of its start, then the ROMs that take part
_chosen = []  # ROMs that listen
_command = 0
_in = bytearray()  # written after the command
_out = bytearray()  # to be read
_bit = 0  # of a search; three for each of the 64


def _sensors(pin):
    if control[_BUS] != pin.id + 1:
        return {}
    at = _BUS + 2
    return {bytes(control[at + 10 * i:at + 10 * i + 8]): struct.unpack_from("<h", control, at + 10 * i + 8)[0]
            for i in range(control[_BUS + 1])}


def reset(pin):
    global _command, _in, _out, _chosen, _bit
    pin.init(pin.OPEN_DRAIN)
    _chosen = list(_sensors(pin))
    _command, _in, _out, _bit = 0, bytearray(), bytearray(), 0
    return bool(_chosen)


def writebyte(pin, value):
    global _command, _chosen
    if _command == _MATCH:
        _in.append(value)
        if len(_in) == 8:
            _chosen = [rom for rom in _chosen if rom == bytes(_in)]
            _command = 0
    elif value in (_SEARCH, _MATCH):
        _command = value
    elif value == _CONVERT:
        _conversion[:] = [time.ticks_ms()] + _chosen
    elif value == _READ:
        _fill(_sensors(pin))


def _fill(sensors):
    """The scratchpad of the chosen sensor; several at once pull the line down where either has a 0."""
    global _out
    if _conversion and time.ticks_diff(time.ticks_ms(), _conversion[0]) >= _CONVERT_MS:
        for rom in _conversion[1:]:
            _kept[rom] = sensors.get(rom, _POWER_UP)
        _conversion.clear()
    _out = bytearray(b"\xff" * 9)
    for rom in _chosen:
        pad = bytearray(struct.pack("<hBBBBBB", _kept.get(rom, _POWER_UP), 75, 70, 0x7F, 0xFF, 12, 16))
        pad.append(crc8(pad))
        for i in range(9):
            _out[i] &= pad[i]


def readbyte(pin):
    if not _out:
        return 0xFF
    value = _out[0]
    _out[:] = _out[1:]
    return value


def readbit(pin):
    """Within a search: the bit of all that still take part, then its complement."""
    global _bit
    if _command != _SEARCH:
        return 1
    at, third = _bit // 3, _bit % 3
    _bit += 1
    return int(all((rom[at // 8] >> at % 8 & 1) != third for rom in _chosen))


def writebit(pin, value):
    """Within a search: who has another bit here drops out."""
    global _bit, _chosen
    if _command == _SEARCH:
        at = _bit // 3
        _bit += 1
        _chosen = [rom for rom in _chosen if rom[at // 8] >> at % 8 & 1 == value]


def crc8(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc
