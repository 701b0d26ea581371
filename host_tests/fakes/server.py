"""An HTTP server at the other end of a fake stream. The bytes are real; only the wire is not.

    server = FakeServer(answer)          # answer(method, path, headers, body) -> bytes of a response, or None: close
    stream = server(tls, host, port, pause)
"""

import json


def response(status=200, body=b"", headers=(), close=False):
    """Bytes of a response with a Content-Length. body: bytes, or anything JSON can say."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    head = "HTTP/1.1 %d X\r\nContent-Length: %d\r\n" % (status, len(body))
    for name, value in headers:
        head += "%s: %s\r\n" % (name, value)
    if close:
        head += "Connection: close\r\n"
    return (head + "\r\n").encode() + body


def written(out):
    """What lies in a JsonBuffer."""
    return bytes(out.buf[out.start : out.end])


class FakeServer:
    """piece: deliver at most so many bytes at a time, with a "not now" before each piece. down: connecting fails.

    clock: a FakeClock that waiting moves; without one, waiting for bytes that never come would never end.
    """

    def __init__(self, answer, piece=0):
        self.answer, self.piece = answer, piece
        self.clock = None
        self.down = False
        self.streams = []
        self.requests = []  # (method, path, headers, body, connection number)

    def __call__(self, tls, host, port, pause):
        if self.down:
            from xyte.errors import LinkError

            raise LinkError("no connection to %s" % host)
        stream = FakeStream(self, len(self.streams), tls, host)
        self.streams.append(stream)
        return stream

    def hang_up(self):
        """Close every idle connection, as a server does that has waited long enough."""
        for stream in self.streams:
            stream.gone = True


class FakeStream:
    def __init__(self, server, number, tls, host):
        self._server, self._number = server, number
        self.tls, self.host = tls, host
        self._in, self._out, self._at = b"", b"", 0  # of what goes out, the bytes before _at have gone
        self._ready = False
        self.gone = self.closed = False
        self.writes = 0

    def write(self, buf, start, count):
        if self.closed:
            raise OSError(9)
        self.writes += 1
        if self.gone:
            return count  # as the real thing: the first write after the peer closed succeeds
        self._in += bytes(buf[start : start + count])
        self._serve()
        return count

    def _serve(self):
        while b"\r\n\r\n" in self._in:
            head, rest = self._in.split(b"\r\n\r\n", 1)
            lines = head.decode().split("\r\n")
            method, path, _ = lines[0].split(" ")
            headers = {}
            for line in lines[1:]:
                name, value = line.split(":", 1)
                headers[name.lower()] = value.strip()
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            body, self._in = rest[:length], rest[length:]
            self._server.requests.append((method, path, headers, body, self._number))
            answer = self._server.answer(method, path, headers, body)
            if answer is None:
                self.gone = True
            else:
                self._out, self._at = self._out[self._at :] + answer, 0

    def readinto(self, buf, count):
        if self.closed:
            raise OSError(9)
        if self._server.piece:
            self._ready = not self._ready
            if self._ready:
                return None
            count = min(count, self._server.piece)
        data = self._out[self._at : self._at + count]
        if not data and not self.gone:
            return None
        buf[: len(data)] = data
        self._at += len(data)
        return len(data)

    def wait(self, for_write, ms):
        """A piece that is on its way takes a millisecond; what never comes takes all the time there is."""
        if self._server.clock:
            self._server.clock.sleep_ms(1 if self._at < len(self._out) or self.gone else ms)

    def close(self):
        self.closed = True
