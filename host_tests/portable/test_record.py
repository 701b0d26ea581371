"""A record on flash is whole or absent: every truncation and every flipped bit is refused."""

import json

from xyte.core import record
from xyte.core.values import JsonBuffer


def test_round_trip():
    for sequence in (0, 1, 2**31, 2**32 - 1):
        for payload in (b"", b"x", bytes(range(256)), bytes(4000)):
            assert record.unpack(record.pack(sequence, payload)) == (sequence, payload)


def test_written_in_a_buffer_is_the_same_record():
    value = {"id": "d1", "words": "\u20ac", "n": [1, 2.5, None, True]}
    data = bytes(record.pack(9, json.dumps(value).encode()))
    for room in (8, 14, 40, len(data) - 1, len(data), 200):
        out = JsonBuffer(bytearray(5 + room), 5)
        made = record.written(out, 9, value)
        assert json.loads(record.unpack(bytes(made))[1]) == value, room
        assert (room < len(data)) or len(out) == len(made)


def test_absent_and_foreign_are_none():
    for data in (None, b"", b"\xff" * 64, b"\x00" * 64, b"{}", b"XYR1"):
        assert record.unpack(data) is None


def test_every_truncation_and_extension_is_refused():
    data = bytes(record.pack(7, b'{"id": "d1", "access_key": "k"}'))
    for length in range(len(data)):
        assert record.unpack(data[:length]) is None, length
    assert record.unpack(data + b"\x00") is None
    assert record.unpack(data + data) is None


def test_every_flipped_bit_is_refused():
    data = bytearray(record.pack(7, b'{"id": "d1", "access_key": "k"}'))
    for i in range(len(data)):
        for bit in range(8):
            data[i] ^= 1 << bit
            assert record.unpack(data) is None, (i, bit)
            data[i] ^= 1 << bit
    assert record.unpack(data)


def test_erased_tail_is_refused():
    data = bytes(record.pack(7, bytes(range(40))))
    for length in range(len(data)):
        assert record.unpack(data[:length] + b"\xff" * (len(data) - length)) is None, length
