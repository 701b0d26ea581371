"""What the bytes of a response mean. Arbitrary bytes are thrown at it in cpython/test_wire_any.py."""

from xyte.core.wire import Incoming
from xyte.errors import LinkError

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def head_of(data, keep=False, piece=0):
    """The response, fed in pieces with its head, and how many bytes that took. None while it is not complete."""
    head = Incoming()
    head.reset(keep_fields=keep)
    at = 0
    while at < len(data):
        end = min(len(data), at + (piece or len(data)))
        after = head.feed(data, at, end)
        if after >= 0:
            return head, after
        at = end
    return None, -1


def refused(data):
    try:
        head_of(data)
    except LinkError as e:
        return str(e)
    return ""


def test_a_plain_head_in_pieces_of_every_size():
    data = b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-LENGTH:  12 \r\nRetry-After: 7\r\n\r\nbody"
    for piece in range(len(data) + 1):
        head, after = head_of(data, piece=piece)
        assert after == len(data) - 4
        assert (head.status, head.left, head.closes, head.retry_after_s, head.headers) == (200, 12, False, 7, {})


def test_versions_and_connection():
    for first, field, close in (
        (b"HTTP/1.1 200 OK", b"", False),
        (b"HTTP/1.1 200", b"", False),
        (b"HTTP/1.0 200 OK", b"", True),
        (b"HTTP/1.0 200 OK", b"Connection: Keep-Alive\r\n", False),
        (b"HTTP/1.1 200 OK", b"Connection:close\r\n", True),
        (b"http/1.1 200 ok", b"CONNECTION: CLOSE\r\n", True),
    ):
        head, _ = head_of(first + b"\r\nContent-Length: 1\r\n" + field + b"\r\n")
        assert head.closes == close, first + field


def test_bare_line_feeds_are_lines():
    head, after = head_of(b"HTTP/1.1 204 X\nContent-Length: 0\n\n")
    assert (head.status, after, head.left) == (204, 34, 0)


def test_interim_heads_are_passed_over():
    data = b"HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nX: 1\r\n\r\n"
    head, after = head_of(data, keep=True)
    assert (head.status, after, head.headers) == (200, len(data), {"x": "1"})
    assert head.left > 9 and head.closes, "until the end"


def test_no_http():
    for data in (
        b"\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 099 X\r\n\r\n",
        b"HTTP/1.1 600 X\r\n\r\n",
        b"HTTP/1.1 2000 X\r\n\r\n",
        b"HTTP/1.1  200 X\r\n\r\n",
        b"HTTP/1.1-200 X\r\n\r\n",
        b"<html>\r\n\r\n",
    ):
        assert refused(data), data


def test_lengths_that_are_none():
    for value in (b"", b" ", b"-1", b"+1", b"1x", b"0x10", b"1 2", b"5, 5", b"1.0", b"99999999999999999999", b"\xb2"):
        assert refused(b"HTTP/1.1 200 OK\r\nContent-Length:" + value + b"\r\n\r\n"), value


def test_conflicting_lengths():
    same = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"
    assert head_of(same)[0].left == 5
    assert refused(same.replace(b"5\r\n\r\n", b"6\r\n\r\n"))


def test_only_plain_chunked_is_a_known_coding():
    for value in (b"chunked", b" chunked ", b"\tChunKed\t"):
        assert head_of(CHUNKED.replace(b" chunked", value))[0].left == -1, value
    for value in (b"", b"gzip", b"gzip, chunked", b"chunked, gzip", b"chunkedx", b"identity"):
        assert refused(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + value + b"\r\n\r\n"), value


def test_a_field_too_long_is_never_half_believed():
    pad = b" " * 238
    assert refused(b"HTTP/1.1 200 OK\r\nContent-Length:" + pad + b"12345\r\n\r\n"), "12 is not 12345"
    assert refused(b"HTTP/1.1 200 OK\r\nContent-Length:" + pad + b"12\r345\r\n\r\n")
    head, _ = head_of(b"HTTP/1.1 200 OK\r\nRetry-After:" + pad + b" 12345\r\n\r\n")
    assert head.retry_after_s == 0
    head, _ = head_of(
        b"HTTP/1.1 200 " + b"x" * 900 + b"\r\nSet-Cookie: " + b"y" * 3000 + b"\r\nA: b\r\n\r\n", keep=True
    )
    assert head.status == 200 and head.headers == {"a": "b"}


def test_a_head_without_end_is_given_up():
    line = b"X: " + b"y" * 200 + b"\r\n"
    head = Incoming()
    head.reset()
    head.feed(b"HTTP/1.1 200 OK\r\n", 0, 17)
    try:
        for _ in range(60):
            head.feed(line, 0, len(line))
    except LinkError:
        return
    raise AssertionError("endless head")


def test_endless_interim_heads_are_given_up():
    head = Incoming()
    head.reset()
    try:
        for _ in range(600):
            head.feed(b"HTTP/1.1 100 C\r\n\r\n", 0, 18)
    except LinkError:
        return
    raise AssertionError("endless interim heads")


def test_no_retry_after_spoils_the_answer():
    for value, seconds in (
        (b"1.5", 1), (b"0.9", 0), (b"120 ", 120), (b"120s", 120), (b"9999999999", 86400), (b"9" * 100, 86400),
        (b"-5", 0), (b"", 0), (b"soon", 0), (b"\xff", 0), (b"86400", 86400), (b"007", 7),
    ):  # fmt: skip
        for status in (b"200", b"429"):
            head, _ = head_of(b"HTTP/1.1 " + status + b" X\r\nRetry-After: " + value + b"\r\nContent-Length: 3\r\n\r\n")
            assert (head.status, head.left, head.retry_after_s) == (int(status), 3, seconds), value


def test_retry_after_as_a_date_is_none():
    head, _ = head_of(b"HTTP/1.1 503 X\r\nRetry-After: Sun, 22 Nov 2026 19:50:01 GMT\r\n\r\n")
    assert head.retry_after_s == 0


def test_kept_fields():
    data = b"HTTP/1.1 200 OK\r\nDate: a:b\r\nLOCATION:\thttp://x \r\nnonsense\r\nBad: \xff\r\n\r\n"
    assert head_of(data, keep=True)[0].headers == {"date": "a:b", "location": "http://x"}


def test_a_long_line_is_kept_where_there_is_room():
    where = "http://x/" + "y" * 1500
    data = b"HTTP/1.1 302 X\r\nLocation: " + where.encode() + b"\r\nDate: z\r\n\r\n"
    for room, kept in ((None, None), (bytearray(9), where), (memoryview(bytearray(3000)), where)):
        incoming = Incoming()
        incoming.reset(True, True, room)
        assert incoming.feed(data, 0, len(data)) == len(data)
        assert (incoming.headers.get("location"), incoming.headers.get("date")) == (kept, "z")


def unchunked(data, piece=0):
    """The body of a chunked message, and what is left behind it. EOFError when it goes on."""
    incoming, after = head_of(CHUNKED)
    assert after == len(CHUNKED) and incoming.left == -1
    at, out = 0, b""
    while incoming.left:
        if at == len(data):
            raise EOFError
        end = min(len(data), at + (piece or len(data)))
        if incoming.left < 0:
            after = incoming.feed(data, at, end)
            at = end if after < 0 else after
        else:
            count = min(incoming.left, 3, end - at)
            out += data[at : at + count]
            incoming.took(count)
            at += count
    return out, data[at:]


def test_chunks():
    for data, want in (
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"A\r\n0123456789\r\n1\r\nx\r\n000\r\n\r\n", b"0123456789x"),
        (b"3;name=v\r\nabc\r\n0;last\r\n\r\n", b"abc"),
        (b"3 \t; a\r\nabc\r\n0\r\nT: 1\r\nU: 2\r\n\r\n", b"abc"),
        (b"3\nabc\n0\n\n", b"abc"),
        (b"c\r\n\r\n0\r\n\r\nabcde\r\n0\r\n\r\n", b"\r\n0\r\n\r\nabcde"),
    ):
        for piece in range(len(data) + 1):
            assert unchunked(data + b"NEXT", piece) == (want, b"NEXT"), data


def test_broken_chunks():
    for data in (
        b"\r\n",
        b";x\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"0x5\r\nhello",
        b"5\r\nhelloX\r\n",
        b"5\r\nhello \r\n",
        b"5\r\nhello\r\n\r\n",
        b"40000000\r\n",
        b"12345678901234567890\r\n",
        b"f" * 300 + b"\r\n",
        b"1;" + b"e" * 9000,
        b"1\r\nxx\r\n",
        b"g\r\n",
        b"G\r\n",
        b":\r\n",
        b"@\r\n",
        b"`\r\n",
        b"1/\r\nx",
        b"\xff\r\n",
    ):
        try:
            unchunked(data)
        except LinkError:
            continue
        except EOFError:
            pass
        raise AssertionError(data[:20])


def test_a_trailer_without_end_is_given_up():
    try:
        unchunked(b"0\r\n" + b"A: b\r\n" * 2000)
    except LinkError:
        return
    raise AssertionError("endless trailer")


def test_the_end_of_the_connection():
    for data, is_end in (
        (b"", False),
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", True),  # no length: the body ends there
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", False),
        (CHUNKED, False),
        (CHUNKED + b"1\r\n", False),
    ):
        incoming, at = Incoming(), 0
        incoming.reset()
        while at < len(data):
            after = incoming.feed(data, at, len(data))
            at = len(data) if after < 0 else after
        try:
            if incoming.left < 0:
                incoming.feed(data, at, at)
            else:
                incoming.took(0)
            assert is_end and incoming.left == 0, data
        except LinkError:
            assert not is_end, data
