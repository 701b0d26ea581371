"""Any bytes as a response: a result or a LinkError, the same however the bytes are cut into pieces."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.chip import FakeClock
from fakes.server import FakeServer, written
from xyte.core import answers, record
from xyte.core.sieve import Sieve
from xyte.core.values import JsonBuffer
from xyte.core.wire import Incoming
from xyte.errors import LinkError
from xyte.services.http import Session

LINES = st.sampled_from([
    b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 100 Continue", b"HTTP/1.1 204 N", b"HTTP/1.1 401 U", b"HTTP/1.1",
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 99999", b"Content-Length: x", b"Content-Length:",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Connection: close", b"Retry-After: 1", b"", b"", b"5",
    b"hello", b"0", b"a;x=y", b"{}", b"X: " + b"y" * 300,
])
NEARLY = st.lists(st.one_of(LINES, st.binary(max_size=12)), max_size=14).map(b"\r\n".join)
ANY = st.one_of(st.binary(max_size=200), NEARLY)
SECONDS = 5


def outcome(data: bytes, piece: int, then_closed: bool = True):
    """What a session makes of these bytes: (status, body) or "LinkError"."""
    def answer(*request):
        for stream in server.streams:
            stream.gone = then_closed
        return data

    server = FakeServer(answer, piece)
    server.clock = FakeClock()
    session = Session(server, server.clock, int, receive_bytes=32)
    start = server.clock.ms
    try:
        response = session.request("GET", "http://h/", timeout=SECONDS)
        result = response.status_code, response.content
        response.close()
    except LinkError:
        result = "LinkError"
    assert server.clock.ms - start <= SECONDS * 1000 + 1000
    return result


@given(ANY, st.integers(0, 9), st.booleans())
@settings(deadline=None, max_examples=400)
def test_any_bytes_end_in_a_result_or_a_link_error(data, piece, then_closed):
    assert outcome(data, piece, then_closed) == outcome(data, 0, then_closed)


@given(st.integers(200, 599), st.binary(max_size=120), st.lists(st.integers(1, 60), max_size=6), st.integers(0, 20))
@settings(deadline=None)
def test_valid_responses_in_any_pieces(status, body, cuts, piece):
    empty = status in (204, 304)
    body = b"" if empty else body
    plain = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body
    assert outcome(plain, piece) == (status, body)
    if empty:
        return
    chunked, at = b"HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\n" % status, 0
    for size in [*cuts, len(body)]:
        part, at = body[at:at + size], at + size
        if part:
            chunked += b"%x;ext\r\n" % len(part) + part + b"\r\n"
    assert outcome(chunked + b"0\r\nTrailer: x\r\n\r\n", piece) == (status, body)
    assert outcome(chunked, piece) == "LinkError", "no last chunk: cut short"


@given(ANY, st.booleans())
def test_head_of_any_bytes(data, keep):
    head = Incoming()
    head.reset(keep_fields=keep)
    try:
        end = head.feed(data, 0, len(data))
    except LinkError:
        return
    assert end == head.left == -1 or (200 <= head.status <= 599 and head.left >= -1)


@given(st.binary(max_size=100) | st.lists(st.sampled_from([b"1", b"a", b"0", b"\r\n", b";", b"x"])).map(b"".join))
def test_chunks_of_any_bytes(data):
    body = Incoming()
    body.reset()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert body.feed(head, 0, len(head)) == len(head)
    at = 0
    try:
        while at < len(data) and body.left:
            if body.left > 0:
                body.took(1)
                at += 1
            else:
                after = body.feed(data, at, len(data))
                assert after == -1 or after > at
                at = len(data) if after < 0 else after
    except LinkError:
        return
    assert body.left >= -1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2**40, 2**40) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_encoder_against_json(value):
    out = JsonBuffer(bytearray(20000))
    out.value(value)
    assert json.loads(written(out)) == value


@given(st.floats(-3.4e38, 3.4e38))
def test_encoder_of_floats(value):
    out = JsonBuffer(bytearray(40))
    out.value(value)
    told = json.loads(written(out))
    assert abs(told - value) <= abs(value) * 1e-6 + 1e-44


KNOWN = st.fixed_dictionaries({}, optional={"command": st.none() | st.booleans(), "version": st.integers() | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=3)})
SPACES = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])


@given(KNOWN, st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.randoms(), SPACES, st.integers(1, 30))
def test_sieve_against_json(known, others, random, separators, piece):
    members = list({**others, **known}.items())
    random.shuffle(members)
    body = json.dumps(dict(members), separators=separators).encode()
    sieve = Sieve((b'"command"', b'"version"'), 80)
    for cut in range(2):
        sieve.reset()
        for at in range(0, len(body) - cut, piece):
            sieve.feed(body, at, min(at + piece, len(body) - cut))
        if cut:
            assert sieve.content() == b"[]", "no object, whatever it was"
        else:
            assert json.loads(sieve.content()) == {key: value for key, value in members if key in known}


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"{", b"}", b'"command":', b"true", b",", b'"', b"[", b"]"])))
def test_sieve_of_any_bytes(pieces):
    sieve = Sieve((b'"command"', b'"version"'), 20)
    for piece in pieces:
        sieve.feed(piece, 0, len(piece))
    content = sieve.content()
    assert content == b"[]" or content[:1] == b"{" and content[-1:] == b"}" and len(content) <= 42


BODIES = st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode()))


@given(BODIES, st.sampled_from([200, 204, 404]))
def test_answers_of_any_bytes(data, status):
    try:
        reply = answers.parse(data)
        command = answers.command(status, reply)
        assert command is None or set(command) == {"id", "name", "status", "parameters"}
        answers.registration(reply)
        answers.members(data)
    except LinkError:
        pass


@given(st.binary(max_size=80))
def test_records_of_any_bytes(data):
    whole = record.unpack(data)
    assert whole is None or record.pack(*whole) == data
