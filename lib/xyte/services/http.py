"""`Session`: HTTP/1.1 with the call shape of urequests, on one kept connection and preallocated buffers.

    response = session.request("GET", url, headers={...}, timeout=20)
    response.status_code, response.headers, response.json(), response.raw.readinto(buf), response.close()

What urequests does not do: the connection is kept, lengths are exact, chunked bodies are decoded, the deadline is for
the whole exchange, a server that closed the idle connection costs one silent resend, redirects are not followed.

The steady telemetry allocates nothing: call `request` with the *same* url and headers objects and with `session.out`
as data, and the head of the last request, still in the buffer, is used again.
"""

from micropython import const
from xyte import phase
from xyte.core.encoder import JsonBuffer
from xyte.core.wire import ResponseHead
from xyte.errors import LinkError
from xyte.services.connection import Connection
from xyte.services.response import Response

_HEAD_BYTES = const(640)  # room for the request head in front of the body
_LENGTH_DIGITS = const(6)  # the cloud takes 128 KB
_TIMEOUT_S = const(30)


class Session:
    """One conversation at a time with one server at a time.

    connect, clock, feed: see Connection. body_bytes, receive_bytes: size of the request body and receive buffers.
    `out` is where a request body is written in place (a JsonBuffer). opened: connections so far.
    """

    def __init__(self, connect, clock, feed, body_bytes=2048, receive_bytes=512):
        self._connection = Connection(connect, clock, feed, receive_bytes)
        self._tx = bytearray(_HEAD_BYTES + body_bytes)
        self._room = memoryview(self._tx)[_HEAD_BYTES:]  # for a line of the answer, while no body lies there
        self.out = JsonBuffer(self._tx, _HEAD_BYTES)
        self._head = ResponseHead()
        self._response = Response(self._connection)
        self._ready_for = (None, None, None)  # method, url, headers whose request head lies in front of `out`
        self._ready_at = 0
        self._url = None
        self.opened = 0

    def request(self, method, url, data=None, headers=None, timeout=None, keep_fields=True):
        """Send one request and read the response's head.

        url: absolute. data: bytes, `session.out`, or None. headers: dict of str. timeout: seconds for the whole
        exchange, the body included. keep_fields: False spares the heap when the response's headers do not matter.
        Returns a Response, valid until the next request. Raises LinkError (UntrustedError: the server is not proven).
        """
        connection = self._connection
        connection.allow(int((timeout or _TIMEOUT_S) * 1000))
        self._response.close()
        target = self._url if url is self._ready_for[1] else phase.call("xyte.core.url", "split", url)
        send = self._prepare(method, url, target, data, headers)
        try:
            reused = connection.is_open_to(target)
            answered = reused and self._exchange(send, reused, keep_fields)
            if not answered:
                # New, or the server closed the idle connection before it saw this request: send it (again), once.
                self.opened += 1
                connection.open(target)
                if not self._exchange(send, False, keep_fields):
                    raise LinkError("closed without an answer")
        except OSError as e:
            connection.close()
            raise LinkError("connection lost: %r" % e)
        except BaseException:  # Ctrl-C too: the answer under way must not be taken for that of the next request
            connection.close()
            raise
        self._response.begin(self._head, method != "HEAD" and self._head.has_body())
        return self._response

    def disconnect(self):
        """Close the connection, if any. The next request opens a new one."""
        self._connection.close()

    def _prepare(self, method, url, target, data, headers):
        """The bytes to send, or None when head and body lie ready in the buffer as one piece."""
        if data is not self.out:
            self._ready_for = (None, None, None)
            data = data or b""
            length = str(len(data)) if data or method in ("POST", "PUT") else None
            return phase.call("xyte.core.request_head", "build", method, target, headers, length) + data
        ready = self._ready_for
        if ready[0] is not method or ready[1] is not url or ready[2] is not headers:
            head = phase.call("xyte.core.request_head", "build", method, target, headers, " " * _LENGTH_DIGITS)
            at = _HEAD_BYTES - len(head)
            if at < 0:
                raise LinkError("request head too long")
            self._ready_for = (None, None, None)  # Ctrl-C here must not leave half of one that is taken for another
            self._tx[at:_HEAD_BYTES] = head
            self._ready_at = at
            self._ready_for, self._url = (method, url, headers), target
        self._put_length(len(data))
        return None

    def _put_length(self, length):
        """Right-align the digits before the blank line that ends the head; white space before a value is free."""
        at = _HEAD_BYTES - 5
        self._tx[at] = 48 + length % 10
        for _ in range(_LENGTH_DIGITS - 1):
            length //= 10
            at -= 1
            self._tx[at] = 48 + length % 10 if length else 32

    def _exchange(self, send, reused, keep_fields):
        """Send, and read up to the end of the head. False when the connection ended before the first byte came."""
        connection, head = self._connection, self._head
        head.reset(keep_fields, self._room if send else None)
        try:
            if send is None:
                connection.send(self._tx, self._ready_at, self.out.end - self._ready_at)
            else:
                connection.send(send, 0, len(send))
            if not connection.fill():
                return False
        except OSError:
            if reused:
                return False
            raise
        while True:
            end = head.feed(connection.buf, connection.at, connection.got)
            if end >= 0:
                connection.at = end
                # 408 on a kept connection is the server's farewell to an idle client, not an answer.
                return not (reused and head.status == 408)
            if not connection.fill():
                raise LinkError("closed inside the head")
