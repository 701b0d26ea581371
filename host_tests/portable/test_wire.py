"""What the bytes of a response mean. Arbitrary bytes are thrown at it in cpython/test_wire_any.py."""

from xyte.core.wire import ChunkedBody, ResponseHead
from xyte.errors import LinkError


def head_of(data, keep=False, piece=0):
    """The head, fed in pieces, and how many bytes it took. None while it is not complete."""
    head = ResponseHead()
    head.reset(keep)
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
        assert (head.status, head.length, head.chunked, head.close, head.retry_after_s) == (200, 12, False, False, 7)
        assert head.fields is None


def test_versions_and_connection():
    for first, field, close in (
        (b"HTTP/1.1 200 OK", b"", False),
        (b"HTTP/1.1 200", b"", False),
        (b"HTTP/1.0 200 OK", b"", True),
        (b"HTTP/1.0 200 OK", b"Connection: Keep-Alive\r\n", False),
        (b"HTTP/1.1 200 OK", b"Connection:close\r\n", True),
        (b"http/1.1 200 ok", b"CONNECTION: CLOSE\r\n", True),
    ):
        head, _ = head_of(first + b"\r\n" + field + b"\r\n")
        assert head.close == close, first + field


def test_bare_line_feeds_are_lines():
    head, after = head_of(b"HTTP/1.1 204 X\nContent-Length: 0\n\n")
    assert head.status == 204 and after == 34 and not head.has_body()


def test_interim_heads_are_passed_over():
    data = b"HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nX: 1\r\n\r\n"
    head, after = head_of(data, keep=True)
    assert (head.status, head.length, after, head.fields) == (200, -1, len(data), {"x": "1"})


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
    assert head_of(same)[0].length == 5
    assert refused(same.replace(b"5\r\n\r\n", b"6\r\n\r\n"))


def test_only_plain_chunked_is_a_known_coding():
    for value in (b"chunked", b" chunked ", b"\tChunKed\t"):
        assert head_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding:" + value + b"\r\n\r\n")[0].chunked, value
    for value in (b"", b"gzip", b"gzip, chunked", b"chunked, gzip", b"chunkedx", b"identity"):
        assert refused(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + value + b"\r\n\r\n"), value


def test_a_field_too_long_is_never_half_believed():
    pad = b" " * 238
    assert refused(b"HTTP/1.1 200 OK\r\nContent-Length:" + pad + b"12345\r\n\r\n"), "12 is not 12345"
    assert refused(b"HTTP/1.1 200 OK\r\nContent-Length:" + pad + b"12\r345\r\n\r\n")
    assert refused(b"HTTP/1.1 200 OK\r\nRetry-After:" + pad + b" 12345\r\n\r\n")
    head, _ = head_of(
        b"HTTP/1.1 200 " + b"x" * 900 + b"\r\nSet-Cookie: " + b"y" * 3000 + b"\r\nA: b\r\n\r\n", keep=True
    )
    assert head.status == 200 and head.fields == {"a": "b"}


def test_a_head_without_end_is_given_up():
    line = b"X: " + b"y" * 200 + b"\r\n"
    head = ResponseHead()
    head.feed(b"HTTP/1.1 200 OK\r\n", 0, 17)
    try:
        for _ in range(60):
            head.feed(line, 0, len(line))
    except LinkError:
        return
    raise AssertionError("endless head")


def test_endless_interim_heads_are_given_up():
    head = ResponseHead()
    try:
        for _ in range(600):
            head.feed(b"HTTP/1.1 100 C\r\n\r\n", 0, 18)
    except LinkError:
        return
    raise AssertionError("endless interim heads")


def test_retry_after_as_a_date_is_none():
    head, _ = head_of(b"HTTP/1.1 503 X\r\nRetry-After: Sun, 22 Nov 2026 19:50:01 GMT\r\n\r\n")
    assert head.retry_after_s == 0


def test_kept_fields():
    data = b"HTTP/1.1 200 OK\r\nDate: a:b\r\nLOCATION:\thttp://x \r\nnonsense\r\nBad: \xff\r\n\r\n"
    assert head_of(data, keep=True)[0].fields == {"date": "a:b", "location": "http://x"}


def unchunked(data):
    """The body of a chunked message, and what is left behind it."""
    body, at, out = ChunkedBody(), 0, b""
    while not body.over:
        if at >= len(data):
            raise EOFError
        if not body.left:
            body.byte(data[at])
            at += 1
        else:
            count = min(body.left, 3, len(data) - at)
            out += data[at : at + count]
            body.took(count)
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
        assert unchunked(data + b"NEXT") == (want, b"NEXT"), data


def test_broken_chunks():
    for data in (
        b"\r\n",
        b";x\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"0x5\r\nhello",
        b"5\r\nhelloX",
        b"12345678\r\n",
        b"1;" + b"e" * 1100,
        b"1\r\nxx\r\n",
        b"g\r\n",
        b"G\r\n",
        b":\r\n",
        b"1/\r\nx",
        b"0" * 8,
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
    body = ChunkedBody()
    for c in b"0\r\n":
        body.byte(c)
    try:
        for _ in range(9000):
            body.byte(65)
    except LinkError:
        return
    raise AssertionError("endless trailer")
