"""JSON written into a buffer: the same values come back, and a full buffer says so."""

import json

from fakes.server import written as content
from xyte.core.values import JsonBuffer

VALUES = (
    None, True, False, 0, 1, -1, 9, 10, 99, 100, 2**31 - 1, -(2**31), 2**40, 0.5, -2.25, 1e20, 1e-7, 1e8,
    "", "plain", 'quote " back \\ slash /', "\n\r\t\x00\x1f\x7f", "\u00e9\u20ac\U0001f600",
    [], [1], [1, [2, [3]]], (), {}, {"a": 1}, {"a": {"b": [None, True, "x"]}, "c\n": -0.5},
)  # fmt: skip


def written(value, size=400):
    out = JsonBuffer(bytearray(size), 3)
    out.value(value)
    return content(out)


def as_list(value):
    return list(value) if isinstance(value, tuple) else value


def test_every_type_reads_back():
    for value in VALUES:
        data = written(value)
        assert json.loads(data) == as_list(value), (value, data)


def test_floats_are_the_shortest_that_matters():
    for value, want in ((0.5, b"0.5"), (-2.25, b"-2.25"), (0.1, b"0.1"), (21.0, b"21.0"), (-0.0, b"-0.0")):
        assert written(value) == want, (value, written(value))


def test_floats_of_every_size_read_back():
    mantissa = 1.0
    for exponent in range(-37, 39):
        mantissa = mantissa * 1.7 if mantissa < 5 else mantissa / 5.3
        for value in (mantissa * 10.0**exponent, -mantissa * 10.0**exponent, 10.0**exponent):
            if abs(value) > 3.4e38:
                continue
            data = written(value, 40)
            told = json.loads(data)
            assert isinstance(told, float) and abs(told / value - 1) < 1e-6, (value, data)
            assert all(c in b"0123456789+-.e" for c in data), data


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


def test_surrogates_become_question_marks():
    for data, want in (
        (b"\xed\xa0\xbd\xed\xb8\x80", b"??"),
        (b"\xed\xa0\xbd", b"?"),
        (b"a\xed\xbf\xbf\xc3\xa9", b"a?\xc3\xa9"),
        (b"\xed\x9f\xbf\xee\x80\x80", b"\xed\x9f\xbf\xee\x80\x80"),  # the characters next to them
        ("\u0080\u07ff\u0800\uffff\U00010000\U0010ffff".encode(), None),
    ):
        for size in (1, 2, 3, len(data)):
            out = JsonBuffer(bytearray(40), 3)
            out.write(b'"')
            for at in range(0, len(data), size):
                out.write(data[at : at + size])
            assert content(out) == b'"' + (want or data), (data, size)


def test_what_the_interpreter_makes_of_an_escaped_pair_is_utf8():
    text = json.loads(b'"\\ud83d\\ude00!"')
    for given in (text, text[:1], [text], {text: 1}):
        data = written(given)
        assert json.loads(data.decode()), data
        assert b"\xed" not in data, data


def test_clear_begins_anew():
    out = JsonBuffer(bytearray(16), 4)
    out.value("first")
    out.clear()
    assert len(out) == 0
    out.value(2)
    assert content(out) == b"2"
