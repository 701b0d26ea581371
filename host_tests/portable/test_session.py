"""The HTTP client against a server of bytes: framing, kept connections, resends, deadlines."""

from fakes.chip import FakeClock
from fakes.server import FakeServer, response
from xyte.device.stream import Connector
from xyte.errors import LinkError, UntrustedError
from xyte.services.http import Session

URL = "http://h/x"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n4\r\ndefg\r\n0\r\nT: x\r\n\r\n"


class Answers:
    """Gives these answers in turn; the last one for ever. A bytes answer, None to hang up, or a callable."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, *request):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(*request) if callable(answer) else answer


def make(*answers, piece=0):
    server = FakeServer(Answers(*answers), piece)
    clock = server.clock = FakeClock()
    server.fed = 0

    def feed():
        server.fed += 1

    return server, Session(server, clock, feed, body_bytes=256, receive_bytes=64)


def link_error(call):
    try:
        call()
    except LinkError as e:
        return str(e)
    raise AssertionError("no LinkError")


def test_pieces_of_every_size_give_the_same():
    for whole, body in ((response(200, b"0123456789" * 15), b"0123456789" * 15), (CHUNKED, b"abcdefg")):
        for piece in range(66):
            _server, session = make(whole, piece=piece)
            for _ in range(2):
                answer = session.request("GET", URL)
                assert (answer.status_code, answer.content) == (200, body), piece
                answer.close()
            assert session.opened == 1, piece


def test_reading_by_pieces():
    for whole in (response(200, b"abcdefg"), CHUNKED):
        for limit in range(1, 9):
            _, session = make(whole)
            answer = session.request("GET", URL)
            buf, got = bytearray(limit), b""
            count = answer.raw.readinto(buf)
            while count:
                got += bytes(buf[:count])
                count = answer.raw.readinto(buf)
            assert got == b"abcdefg" and answer.raw.readinto(buf) == 0


def test_what_is_sent():
    server, session = make(response(200, b"{}"))
    session.request("GET", "http://h:81/p?q", headers={"A": "b"}).close()
    session.request("POST", "http://h:81/p", data=b"xyz").close()
    session.request("POST", "http://h:81/p").close()
    session.out.value({"a": 1})
    session.request("PUT", "http://h:81/p", session.out, {"C": "d"}).close()
    sent = [(method, path, body, headers.get("content-length")) for method, path, headers, body, _ in server.requests]
    assert sent == [
        ("GET", "/p?q", b"", None),
        ("POST", "/p", b"xyz", "3"),
        ("POST", "/p", b"", "0"),
        ("PUT", "/p", b'{"a": 1}', "8"),
    ]
    assert server.requests[0][2]["host"] == "h:81" and server.requests[0][2]["a"] == "b"


def test_a_head_used_again_is_the_same_bytes():
    sent = []

    class Listener(FakeServer):
        def __call__(self, *args):
            stream = FakeServer.__call__(self, *args)
            write = stream.write

            def listen(buf, start, count):
                sent.append(bytes(buf[start : start + count]))
                return write(buf, start, count)

            stream.write = listen
            return stream

    server = Listener(Answers(response(200, b"{}")))
    server.clock = FakeClock()
    session = Session(server, server.clock, dict, body_bytes=256)
    headers = {"Authorization": "k", "Content-Type": "application/json"}
    for text in ("x", "y" * 50, "", "z"):
        session.out.clear()
        session.out.value(text)
        session.request("POST", URL, session.out, headers).close()
        session.request("GET", "http://h/other").close()  # leaves the head as it is; the body has to be written anew
        session.out.clear()
        session.out.value(text)
        session.request("POST", URL, session.out, headers).close()
        session.request("POST", URL, session.out, headers).close()
    posts = [data for data in sent if data.startswith(b"POST")]
    assert len(posts) == 12
    for i in range(0, 12, 3):
        assert posts[i] == posts[i + 1] == posts[i + 2]


def test_a_head_too_long_is_refused_and_spoils_nothing():
    server, session = make(response(200, b"{}"))
    headers = {"A": "b"}
    session.out.value(1)
    session.request("POST", URL, session.out, headers).close()
    assert "head" in link_error(lambda: session.request("POST", URL, session.out, {"A": "x" * 900}))
    session.request("POST", URL, session.out, headers).close()
    assert server.requests[0][:4] == server.requests[1][:4]


def test_header_lines_cannot_be_smuggled():
    server, session = make(response())
    for headers in ({"A": "b\r\nEvil: 1"}, {"A": "b\nEvil: 1"}, {"A: x\r\nEvil": "1"}, {"A b": "c"}):
        link_error(lambda: session.request("GET", URL, headers=headers))  # noqa: B023 - called at once
    assert not server.requests


def test_a_stale_connection_costs_one_silent_resend():
    server, session = make(response(200, b"ok"))
    session.request("POST", URL, b"1").close()
    server.hang_up()
    answer = session.request("POST", URL, b"2")
    assert answer.content == b"ok"
    assert [request[3:] for request in server.requests] == [(b"1", 0), (b"2", 1)]


def test_resent_once_and_not_twice():
    server, session = make(response(200, b"ok"), None)
    session.request("POST", URL, b"1").close()
    assert "without an answer" in link_error(lambda: session.request("POST", URL, b"2"))
    assert [request[3:] for request in server.requests] == [(b"1", 0), (b"2", 0), (b"2", 1)]
    assert session.opened == 2


def test_a_fresh_connection_is_not_resent():
    server, session = make(None)
    link_error(lambda: session.request("POST", URL, b"1"))
    assert len(server.requests) == 1


def test_no_resend_after_the_first_byte_of_an_answer():
    server, session = make(response(), lambda *request: hang_up_after(server, b"HTTP/1.1 2"))
    session.request("GET", URL).close()
    assert "inside" in link_error(lambda: session.request("GET", URL))
    assert len(server.requests) == 2


def hang_up_after(server, data):
    server.hang_up()
    return data


def test_408_on_a_kept_connection_is_a_farewell():
    farewell = response(408, b"", close=True)
    _, session = make(response(200, b"a"), farewell, response(200, b"b"))
    session.request("GET", URL).close()
    assert session.request("GET", URL).content == b"b"
    _server, session = make(farewell)
    assert session.request("GET", URL).status_code == 408, "on a fresh one it is an answer"


def test_connection_close_and_http_1_0():
    for whole in (response(200, b"ab", close=True), b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab"):
        server, session = make(whole)
        for _ in range(2):
            assert session.request("GET", URL).content == b"ab"
        assert session.opened == 2 and server.streams[0].closed


def test_no_length_means_until_the_end():
    server, session = make(lambda *request: hang_up_after(server, b"HTTP/1.1 200 OK\r\n\r\n" + b"z" * 300))
    for _ in range(2):
        assert session.request("GET", URL).content == b"z" * 300
    assert session.opened == 2


def test_a_body_cut_short_is_a_link_error():
    for whole in (response(200, b"0123456789"), CHUNKED):
        start = whole.find(b"\r\n\r\n") + 4
        for end in range(start, len(whole)):
            server, session = make(lambda *request: hang_up_after(server, whole[:end]))  # noqa: B023 - called at once
            answer = session.request("GET", URL)
            link_error(lambda: answer.content)  # noqa: B023 - called at once
            answer.close()
            assert server.streams[0].closed


def test_no_body_where_there_can_be_none():
    for method, whole in (
        ("GET", b"HTTP/1.1 204 X\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n"),
        ("GET", response(200, b"")),
    ):
        _server, session = make(whole)
        for _ in range(2):
            assert session.request(method, URL).content == b""
        assert session.opened == 1, whole


def test_an_unread_body_is_not_the_next_answer():
    _, session = make(response(200, b"x" * 500), response(201, b"y"))
    session.request("GET", URL)
    answer = session.request("GET", URL)
    assert (answer.status_code, answer.content, session.opened) == (201, b"y", 1)
    _server, session = make(response(200, b"x" * 5000), response(201, b"y"))
    session.request("GET", URL).close()
    assert session.request("GET", URL).status_code == 201
    assert session.opened == 2, "too much to be worth reading"


def test_bytes_behind_the_answer_end_the_connection():
    _server, session = make(response(200, b"a") + response(500, b"evil"), response(200, b"b"))
    assert session.request("GET", URL).content == b"a"
    assert session.request("GET", URL).content == b"b"
    assert session.opened == 2


def test_the_deadline_holds_for_silence():
    for answer in (b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"):
        server, session = make(answer)
        before = server.clock.ms
        assert "timed out" in link_error(lambda: session.request("GET", URL, timeout=7).content)  # noqa: B023
        assert 7000 <= server.clock.ms - before <= 7100, answer
        assert server.fed >= 7, "the watchdog is fed while we wait"
        assert server.streams[0].closed


def test_the_deadline_holds_for_a_server_that_never_stops():
    server, session = make(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

    def endless(*args):
        stream = FakeServer.__call__(server, *args)
        readinto = stream.readinto

        def drip(buf, count):
            server.clock.sleep_ms(1)
            got = readinto(buf, count)
            if got is None:
                buf[0:6] = b"1\r\na\r\n"
                return 6
            return got

        stream.readinto = drip
        return stream

    session = Session(endless, server.clock, dict)
    before = server.clock.ms
    assert "timed out" in link_error(lambda: session.request("GET", URL, timeout=5).content)
    assert server.clock.ms - before < 5100


def test_another_origin_is_another_connection():
    server, session = make(response(200, b""))
    for url in ("http://h/x", "http://h:80/y", "http://g/x", "https://g/x", "https://g:444/x"):
        session.request("GET", url).close()
    assert [(stream.tls, stream.host) for stream in server.streams] == [
        (False, "h"),
        (False, "g"),
        (True, "g"),
        (True, "g"),
    ]


def test_a_get_in_between_leaves_the_head_of_the_telemetry_where_it_is():
    server, session = make(response(200))
    headers, url = {"A": "b"}, "http://h/telemetry"
    for number in range(3):
        session.out.clear()
        session.out.value(number)
        session.request("POST", url, session.out, headers).close()
        ready = session._ready
        session.request("GET", "http://g/file", headers=headers).close()
        session.out.clear()
        session.out.value(number)
        session.request("POST", url, session.out, headers).close()
        assert session._ready is ready
    posts = [(path, body) for method, path, _, body, _ in server.requests if method == "POST"]
    assert posts == [("/telemetry", b"%d" % (number // 2)) for number in range(6)]
    assert [stream.host for stream in server.streams] == ["h", "g"] * 3 + ["h"]


def test_ctrl_c_leaves_no_half_read_answer():
    for whole in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"):
        server, session = make(whole, response(200, b"next"))
        server.clock.sleep_ms = stop
        try:
            session.request("GET", URL).content  # noqa: B018
        except KeyboardInterrupt:
            pass
        assert session.request("GET", URL).content == b"next"
        assert session.opened == 2


def stop(ms):
    raise KeyboardInterrupt


class Torn:
    """A buffer on which Ctrl-C falls."""

    def __init__(self, buf):
        self._buf = buf

    def __setitem__(self, at, data):
        self._buf[at] = data
        raise KeyboardInterrupt


def test_ctrl_c_leaves_no_head_of_another_request():
    server, session = make(response(200), response(200))
    headers, whole = {}, session._tx
    session.out.value(1)
    session.request("POST", URL, session.out, headers)
    session._tx = Torn(whole)
    try:
        session.request("POST", URL + "/elsewhere", session.out, headers)
        raise AssertionError("no Ctrl-C")
    except KeyboardInterrupt:
        session._tx = whole
    session.request("POST", URL, session.out, headers)
    assert server.requests[1][:2] == server.requests[0][:2]


def test_headers_in_lower_case_and_json():
    _server, session = make(response(200, {"a": 1}, headers=(("X-Y", "z"),)))
    answer = session.request("GET", URL)
    assert answer.headers["x-y"] == "z" and "X-Y" not in answer.headers
    assert answer.headers.get("none") is None and answer.json() == {"a": 1} and answer.text == '{"a": 1}'
    assert answer.content == answer.content == b'{"a": 1}' and not hasattr(answer, "none")
    answer = session.request("GET", URL, keep_fields=False)
    assert answer.headers.get("x-y") is None


def test_a_body_too_large_for_memory():
    server, session = make(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    answer = session.request("GET", URL)
    stream = server.streams[0]
    stream.readinto = lambda buf, count: count  # a body that never ends
    message = link_error(lambda: answer.content)
    assert "16384" in message or "memory" in message, message
    assert stream.closed


def test_lengths_of_six_digits_are_exact():
    server = FakeServer(Answers(response()))
    server.clock = FakeClock()
    try:
        session = Session(server, server.clock, dict, body_bytes=102000)
        session.out.end = session.out.start + 101234
        session.request("POST", URL, session.out).close()
    except MemoryError:
        return  # more than a small heap has
    assert server.requests[0][2]["content-length"] == "101234"


def test_a_certificate_with_several_faults_is_told_in_one_line():
    class Distrustful:
        def write(self, buf, start, count):
            raise ValueError("\nThe name is another\n\nThe CA is unknown\n")

    stream = Connector()
    stream.use(Distrustful(), None, "hub")
    try:
        stream.write(b"x", 0, 1)
        raise AssertionError("it went out")
    except UntrustedError as e:
        assert str(e) == "certificate of hub not accepted: The name is another The CA is unknown", e
