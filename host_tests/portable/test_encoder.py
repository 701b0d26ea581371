"""JSON written into a buffer: the same values come back, and a full buffer says so."""

import json

from xyte.core.encoder import JsonBuffer

VALUES = (
    None, True, False, 0, 1, -1, 9, 10, 99, 100, 2**31 - 1, -(2**31), 2**40, 0.5, -2.25, 1e20, 1e-7, 1e8,
    "", "plain", 'quote " back \\ slash /', "\n\r\t\x00\x1f\x7f", "\u00e9\u20ac\U0001f600",
    [], [1], [1, [2, [3]]], (), {}, {"a": 1}, {"a": {"b": [None, True, "x"]}, "c\n": -0.5},
)  # fmt: skip


def written(value, size=400):
    out = JsonBuffer(bytearray(size), 3)
    out.value(value)
    return out.content()


def as_list(value):
    return list(value) if isinstance(value, tuple) else value


def test_every_type_reads_back():
    for value in VALUES:
        data = written(value)
        assert json.loads(data) == as_list(value), (value, data)


def test_floats_have_seven_digits():
    assert written(0.1) == b"0.1"
    assert written(1 / 3)[:9] == b"0.3333333"
    assert abs(json.loads(written(3.4028235e38)) / 3.4028235e38 - 1) < 1e-6


def test_width_of_integers():
    for value, width, want in ((5, 2, b"05"), (0, 1, b"0"), (0, 4, b"0000"), (123, 2, b"123"), (-7, 1, b"-7")):
        out = JsonBuffer(bytearray(8))
        out.integer(value, width)
        assert out.content() == want


def test_a_full_buffer_raises_and_touches_nothing_behind():
    for value in VALUES:
        data = written(value)
        buf = bytearray(b"\xaa" * (len(data) + 9))
        out = JsonBuffer(buf, 3)
        out.value(value)
        assert len(out) == len(data) and buf[3 + len(data) :] == b"\xaa" * 6, value
        assert buf[:3] == b"\xaa" * 3
        for room in range(len(data)):
            out = JsonBuffer(bytearray(room + 3), 3)
            try:
                out.value(value)
            except ValueError as e:
                assert str(room) in str(e)
            else:
                raise AssertionError("%r fitted into %d bytes" % (value, room))


def test_clear_begins_anew():
    out = JsonBuffer(bytearray(16), 4)
    out.value("first")
    out.clear()
    assert len(out) == 0
    out.value(2)
    assert out.content() == b"2"


def test_other_types_are_a_type_error():
    for value in (b"bytes", object(), {1, 2}, len):
        try:
            written(value)
        except TypeError:
            continue
        raise AssertionError(value)
