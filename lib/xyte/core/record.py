"""A record on flash that is whole or absent: magic, sequence number, length, payload, CRC-32.

Two copies of one record are kept in two stores; the higher sequence number is the truth.
"""

import json
import struct
from binascii import crc32

_HEAD = "<4sIH"
_MAGIC = b"XYR1"
_OVERHEAD = 14  # head 10 + CRC 4
_SPACE = bytes(10)


def pack(sequence, payload):
    """Returns what to store, a memoryview. sequence: int 0..2**32-1. payload: bytes, at most 65535."""
    out = bytearray(len(payload) + _OVERHEAD)  # in one piece: a certificate is long
    out[10:-4] = payload
    return _framed(memoryview(out), sequence)


def _framed(out, sequence):
    struct.pack_into(_HEAD, out, 0, _MAGIC, sequence, len(out) - _OVERHEAD)
    struct.pack_into("<I", out, len(out) - 4, crc32(out[:-4]))
    return out


def written(out, sequence, value):
    """What to store of a value as JSON: as `pack`, but written into `out` (JsonBuffer) where it has the room.

    So the heap need not have a piece as large; it stays there until `out` is written again.
    """
    try:
        out.clear()
        out.write(_SPACE)
        out.value(value)
        out.write(_SPACE[:4])
    except ValueError:
        return pack(sequence, json.dumps(value).encode())
    return _framed(memoryview(out.buf)[out.start : out.end], sequence)


def unpack(data):
    """Returns (sequence, payload), or None for anything that is not one whole record (absent, empty, torn, foreign)."""
    if not data or len(data) < _OVERHEAD:
        return None
    magic, sequence, length = struct.unpack(_HEAD, data[:10])
    if magic != _MAGIC or len(data) != length + _OVERHEAD:
        return None
    view = memoryview(data)
    if crc32(view[:-4]) != struct.unpack("<I", view[-4:])[0]:
        return None
    return sequence, bytes(view[10:-4])
