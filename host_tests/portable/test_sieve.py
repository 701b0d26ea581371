"""What is kept of an answer that goes by, whatever its shape and however it is cut."""

import json

from xyte.core.sieve import Sieve
from xyte.errors import LinkError

KEYS = (b'"command"', b'"version"')
PLAIN = b'{"success":true,"command":false,"version":3}'


def passed(sieve, data, piece=1000):
    """Feed it in pieces, from the middle of a larger buffer as the receive buffer is."""
    sieve.reset()
    for at in range(0, len(data), piece):
        part = data[at : at + piece]
        sieve.feed(b'{"' + part + b'"}', 2, 2 + len(part))
    return sieve


def kept(data, piece=1000, longest=40):
    return json.loads(passed(Sieve(KEYS, longest), data, piece).content())


def is_refused(data):
    try:
        return not isinstance(kept(data), dict)
    except (LinkError, ValueError):
        return True


def test_every_shape_of_the_same_answer():
    for data in (
        PLAIN,
        b'{"version":3,"command":false}',
        b' \r\n{ "command" : false ,\t"version"\n: 3 } \n',
        b'{"version":1,"version":3,"command":false}',
        b'{"a":{"command":true,"version":9},"command":false,"b":[{"version":8},[],{}],"version":3}',
        b'{"a":"}","command":false,"b\\"":"\\\\","version":3,"\\"command\\":true,":"\\u007d{\\""}',
        b'{"Command":true,"command ":true,"comman":true,"command":false,"version":3,"":{}}',
        b'{"' + b"long" * 40 + b'":"' + b"x" * 500 + b'","command":false,"version":3}',
        b'{"time":"2026-11-22T10:00:00Z","n":-1.5e+3,"command":false,"version":3,"z":null}',
    ):
        for piece in (1, 2, 3, 7, 1000):
            assert kept(data, piece) == {"command": False, "version": 3}, (data, piece)


def test_values_are_kept_as_they_came():
    for value in (b"null", b"true", b"-12.5e3", b'"a \\"b\\" \\u00e9 {}"', b'[1,{"command":2},[]]', b'{"x":{},"":"]"}'):
        assert kept(b'{"x":1,"command":' + value + b',"y":2}') == {"command": json.loads(value)}


def test_nothing_to_keep():
    for data in (b"{}", b" { } ", b'{"a":1}', b'{"a":{"command":true}}'):
        assert kept(data) == {}


def test_what_is_not_one_object_is_refused():
    for data in (
        b"", b" ", b"null", b"true", b'"command"', b"17", b"[]", b'[{"command":true}]', b"<html>{}</html>",
        b"{", b'{"command":false', b'{"command', b'{"command":false}}', b'{"command":false} x', b'{"command":false},',
        b'{} {"command":true}', b"}{", b"}{}", b"{}{}", b'x{"command":false}', b'{"command":false]', b'"{}',
        b'{"command":nope}', b'{}"', b"[}",
    ):  # fmt: skip
        assert is_refused(data), data


def test_a_member_too_long_goes_by_and_takes_no_room_from_others():
    for size in range(90):
        version = b'"version":"' + b"x" * size + b'"'
        command = b'"command":"' + b"y" * 26 + b'"'
        for data in (b"{" + version + b"," + command + b"}", b"{" + command + b"," + version + b"}"):
            reply = kept(data)
            assert reply["command"] == "y" * 26, size
            if size != 28:  # one more when no comma follows
                assert reply.get("version") == ("x" * size if size < 28 else None), size


def test_a_member_that_comes_again_and_again_does_not_overflow():
    for count in range(1, 30):
        data = b'{"version":1,' + b'"command":true,' * count + b'"z":0}'
        assert kept(data) == {"version": 1, "command": True}


def test_quiet_is_what_said_the_same_of_what_matters():
    sieve = Sieve(KEYS, 40)
    assert not passed(sieve, PLAIN).is_quiet()
    sieve.quiet()
    for data in (PLAIN, b'{"command":false, "time":17, "version":3}', b'{"x":[{}],"command":false,"version":3,"y":""}'):
        assert passed(sieve, data).is_quiet(), data
    for data in (
        b'{"success":true,"command":true,"version":3}',
        b'{"success":true,"command":false,"version":4}',
        b'{"success":true,"command":false,"version":33}',
        b'{"success":true,"command":false}',
        b"{}",
        PLAIN[:-1],
        PLAIN + b"x",
        b"",
    ):
        assert not passed(sieve, data).is_quiet(), data
