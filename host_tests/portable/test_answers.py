"""What the cloud's answers say, in every shape that the documents leave open."""

from xyte.core import answers
from xyte.errors import LinkError

ALPHABET = b'{}[]:,"0-1.eE+ \\utrfn\xc3\x00'


def link_error(call, *args):
    try:
        call(*args)
    except LinkError:
        return True
    return False


def test_what_is_not_json_is_a_link_error():
    for data in (b"", b"<html>", b"nul", b"[" * 3000, b'{"a": "\xff"}', b"{} x", b"-", b"\x00", b'"open'):
        assert link_error(answers.parse, data), data[:20]
    assert answers.parse(b' {"a": [1, null]} ') == {"a": [1, None]}


def test_random_bytes_never_raise_anything_else():
    seed = 1
    for _ in range(1500):
        data = bytearray()
        for _ in range(seed % 23):
            seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
            data.append(ALPHABET[(seed >> 8) % len(ALPHABET)])
        seed += 1
        try:
            reply = answers.parse(bytes(data))
            answers.command(200, reply)
            answers.members(bytes(data))
            answers.registration(reply)
        except LinkError:
            pass


def test_telemetry():
    for data in (b"null", b"[]", b'"x"', b"5", b"true", b""):
        assert link_error(answers.members, data), data
    assert answers.members(b'{"command": true, "new": 1}') == {"command": True, "new": 1}


def test_every_empty_queue():
    for status, reply in (
        (204, None),
        (404, None),
        (404, {"error": "none"}),
        (200, None),
        (200, {}),
        (200, []),
        (200, ""),
    ):
        assert answers.command(status, reply) is None, (status, reply)
    assert answers.command(200, {"id": None, "name": None}) is None
    assert answers.command(200, {"success": True}) is None


def test_command():
    full = {"id": "c1", "device_id": "d", "status": "pending", "name": "reboot", "parameters": {"a": 1}, "new": 1}
    assert answers.command(200, full) == {"id": "c1", "name": "reboot", "status": "pending", "parameters": {"a": 1}}
    for ident in ("c1", 1, 2**40, "x" * 64):
        assert answers.command(200, {"id": ident, "name": "n"})["id"] == ident, "the id goes back as it came"
    assert answers.command(200, {"id": 1, "name": "n", "parameters": None})["parameters"] == {}
    assert answers.command(200, {"id": 1, "name": 5})["name"] == ""
    for reply in (
        [1],
        "text",
        7,
        True,
        {"name": "n"},
        {"id": "", "name": "n"},
        {"id": True, "name": "n"},
        {"id": {}, "name": "n"},
        {"id": 1.5, "name": "n"},
        {"id": "x" * 65, "name": "n"},
    ):
        assert link_error(answers.command, 200, reply), reply


def test_registration():
    whole = {"id": "d1", "access_key": "k1", "hub_url": "h", "hub_url_static_cert": "s", "mqtt_hub_url": "m"}
    want = {"id": "d1", "access_key": "k1", "hub_url": "h", "hub_url_static_cert": "s"}
    assert answers.registration(whole) == want
    assert answers.registration({"device_id": "d1", "access_key": "k1"})["id"] == "d1"
    assert answers.registration({"id": 17, "access_key": "k1"})["id"] == "17", "refused, the key would be lost"
    for odd in (None, 5, [1], {}):
        got = answers.registration({"id": "d1", "access_key": "k1", "hub_url": odd, "hub_url_static_cert": odd})
        assert got["hub_url"] == got["hub_url_static_cert"] == "", "refused, it would be lost"


def test_what_cannot_be_an_identity():
    good = {"id": "d1", "access_key": "k1", "hub_url": "h"}
    for key, value in (
        ("id", ""),
        ("id", True),
        ("id", []),
        ("id", "a b"),
        ("id", "a\r\nX: y"),
        ("id", "x" * 129),
        ("id", "\u00b2"),
        ("access_key", None),
        ("access_key", 5),
        ("access_key", "a\nb"),
        ("access_key", ""),
    ):
        reply = dict(good)
        reply[key] = value
        assert link_error(answers.registration, reply), (key, value)
    for reply in (None, [], "x", 1):
        assert link_error(answers.registration, reply), reply
