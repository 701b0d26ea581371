"""`Session`: HTTP/1.1 with the call shape of urequests, on one kept connection and preallocated buffers.

    response = session.request("GET", url, headers={...}, timeout=20)
    response.status_code, response.headers, response.json(), response.raw.readinto(buf), response.close()

What urequests does not do: the connection is kept, lengths are exact, chunked bodies are decoded, the deadline is for
the whole exchange, a server that closed the idle connection costs one silent resend, redirects are not followed.

The steady telemetry allocates nothing: call `request` with the *same* url and headers objects and with `session.out`
as data, and the head of the last request with `out`, still in the buffer, is used again.
"""

from micropython import const
from xyte import phase
from xyte.core.values import JsonBuffer
from xyte.core.wire import Incoming
from xyte.errors import LinkError

_HEAD_BYTES = const(640)  # room for the request head in front of the body
_LENGTH_DIGITS = const(6)  # the cloud takes 128 KB
_LENGTH_END = const(640 - 5)  # index of the last digit: behind it are the ends of its line and of the head
_TIMEOUT_S = const(30)
_WAIT_SLICE_MS = const(1000)  # the watchdog is fed at least this often while we wait
_DRAIN_BYTES = const(2048)  # a longer rest is not worth reading to keep the connection


class Session:
    """One conversation at a time with one server at a time. All waiting is done here, until the exchange's deadline.

    connect: callable(tls, host, port, pause) -> stream; see device/stream.py for the stream's methods.
    clock: has after_ms(ms), left_ms(ticks). feed: callable, called while waiting (the watchdog).
    body_bytes, receive_bytes: size of the request body and receive buffers.
    `out` is where a request body is written in place (a JsonBuffer); what other requests bring may lie there after
    them. opened: connections so far.
    For Response: buf[at:got] are bytes received and not yet read.
    """

    def __init__(self, connect, clock, feed, body_bytes=2048, receive_bytes=512):
        self._connect, self._clock, self._feed = connect, clock, feed
        self._tx = bytearray(_HEAD_BYTES + body_bytes)
        self.out = JsonBuffer(self._tx, _HEAD_BYTES)
        self._ready = None  # what outgoing.py says of the request head in front of `out`
        self._stream = self._origin = None  # origin: (tls, host, port) that the stream is open to
        self._deadline = 0
        self.buf = bytearray(receive_bytes)
        self.at = self.got = 0
        self.opened = 0
        self._incoming = Incoming()
        self._response = Response(self, self._incoming)

    def request(self, method, url, data=None, headers=None, timeout=None, keep_fields=True):
        """Send one request and read the response's head.

        url: absolute. data: bytes, `session.out`, or None. headers: dict of str. timeout: seconds for the whole
        exchange, the body included. keep_fields: False spares the heap when the response's headers do not matter; lines
        of up to 2048 bytes are kept, with `out` as data 160.
        Returns a Response, valid until the next request. Raises LinkError (UntrustedError: the server is not proven).
        """
        self.extend(timeout or _TIMEOUT_S)
        self._response.close()
        message = self._prepare(method, url, data, headers)
        origin = message[0]
        kept = origin == self._origin
        try:
            if not (kept and self._exchange(method, message, keep_fields, True)):
                # New, or the server closed the idle connection before it saw this request: send it (again), once.
                self.disconnect()
                self.opened += 1
                self._stream = self._connect(*origin, self._pause)
                self._origin = origin
                if not self._exchange(method, message, keep_fields, False):
                    raise LinkError("closed without an answer")
        except BaseException as e:
            self.give_up(e)
            raise
        self._response.begin()
        return self._response

    def extend(self, seconds):
        """The exchange may take so long from now on."""
        self._deadline = self._clock.after_ms(int(seconds * 1000))

    def disconnect(self):
        """Close the connection, if any. The next request opens a new one."""
        stream, self._stream, self._origin = self._stream, None, None
        self.at = self.got = self._incoming.left = 0
        if stream:
            stream.close()

    def give_up(self, error):
        """Close after an exception, Ctrl-C too: the rest of this answer must not be taken for the next one.

        Raises LinkError in the place of an OSError.
        """
        self.disconnect()
        if isinstance(error, OSError):
            raise LinkError("connection lost: %r" % error)

    def _prepare(self, method, url, data, headers):
        """What to send, as outgoing.py says it; for `out` as data, head and body lie in the buffer as one piece."""
        ready, tx = self._ready, self._tx
        if data is not self.out:
            target = phase.call("xyte.core.url", "split", url)
            return phase.call("xyte.services.outgoing", "whole", method, target, data, headers)
        if not ready or ready[3] is not method or ready[4] is not url or ready[5] is not headers:
            self._ready = None  # Ctrl-C here must not leave half of one that is taken for another
            target = phase.call("xyte.core.url", "split", url)
            ready = phase.call(
                "xyte.services.outgoing", "in_front", method, target, headers, tx, _HEAD_BYTES, _LENGTH_DIGITS
            ) + (method, url, headers)  # what it is the head of
            self._ready = ready
        length = len(data)
        for at in range(_LENGTH_END, _LENGTH_END - _LENGTH_DIGITS, -1):  # white space in front of a value is free
            tx[at] = 48 + length % 10 if length or at == _LENGTH_END else 32
            length //= 10
        return ready

    def _exchange(self, method, message, keep_fields, kept):
        """Send, and read up to the end of the head. False when the kept connection turns out to be over."""
        incoming, stream = self._incoming, self._stream
        buf, at = message[1], message[2]
        if buf is self._tx:
            end, room = self.out.end, None
        else:
            end, room = len(buf), memoryview(self._tx)[_HEAD_BYTES:]  # where no body lies now
        incoming.reset(method != "HEAD", keep_fields, room)
        try:
            while at < end:
                sent = stream.write(buf, at, end - at)
                if sent is None:
                    self._pause(stream, True)
                else:
                    at += sent
            if not self.ready():
                return False
        except OSError:
            if kept:
                return False
            raise
        self.pass_lines()
        # 408 on a kept connection is the server's farewell to an idle client, not an answer.
        return not (kept and incoming.status == 408)

    def pass_lines(self):
        """Read on to the end of a head, or of the lines between two pieces of data."""
        after = -1
        while after < 0:
            self.ready()
            after = self._incoming.feed(self.buf, self.at, self.got)
            self.at = self.got if after < 0 else after

    def ready(self):
        """How many bytes lie at buf[at:]; waits for some when there are none. 0 at the end."""
        if self.at == self.got:
            self.at = self.got = 0
            self.got = self.receive(self.buf, len(self.buf))
        return self.got - self.at

    def receive(self, buf, count):
        """Up to count bytes from the stream into buf, as soon as there are some. Returns how many, 0 at the end."""
        stream, got = self._stream, None
        while got is None:
            self._left_ms()  # also while bytes keep coming: a server that never stops must not hold us
            got = stream.readinto(buf, count)
            if got is None:
                self._pause(stream, False)
        return got

    def _pause(self, stream, for_write):
        """Wait until the stream is ready, a slice at most, watching the deadline and feeding the watchdog."""
        stream.wait(for_write, min(self._left_ms(), _WAIT_SLICE_MS))
        self._feed()

    def _left_ms(self):
        """Until the deadline. Raises LinkError when it has passed."""
        left = self._clock.left_ms(self._deadline)
        if left <= 0:
            raise LinkError("timed out")
        return left


class Response:
    """One for each session, used again for every request: valid until the next one. `raw` is the response itself.

    headers: dict with names in lower case; empty when the request did not keep them.
    retry_after_s: int, 0 when the server named none. incoming: see core/wire.py. whole: the body, once it was wanted.
    """

    def __init__(self, session, incoming):
        self._session, self.incoming = session, incoming
        self.raw, self.extend = self, session.extend
        self.begin()

    def begin(self):
        """A head has been read; its body, if it has one, comes next."""
        incoming = self.incoming
        self.status_code, self.retry_after_s = incoming.status, incoming.retry_after_s
        self.headers, incoming.headers, self.whole = incoming.headers, None, None

    def readinto(self, buf, sink=None):
        """Up to len(buf) bytes of the body. Returns how many; 0 only at its end.

        buf: None for what lies in the receive buffer: it is shown to sink.feed(buf, start, end), if there is a sink.
        Raises LinkError when the connection ends before the body does, or at the deadline.
        """
        session, incoming = self._session, self.incoming
        try:
            if incoming.left < 0:
                session.pass_lines()
            count = incoming.left
            if not count:
                return 0
            if buf is not None:
                count = min(count, len(buf))
            if session.at == session.got and buf is not None and count >= len(session.buf):
                count = session.receive(buf, count)
            else:  # what has arrived comes first
                count = min(count, session.ready())
                source, at = session.buf, session.at
                if sink:
                    sink.feed(source, at, at + count)
                elif buf is not None:
                    for i in range(count):
                        buf[i] = source[at + i]
                session.at += count
            incoming.took(count)
            return count
        except BaseException as e:
            session.give_up(e)
            raise

    def feed(self, sink):
        """The rest of the body, piece by piece as it lies in the receive buffer, to sink.feed(buf, start, end)."""
        while self.readinto(None, sink):
            pass

    def close(self):
        """Done with the body. The connection stays for the next request, if this response leaves it fit for one."""
        session, incoming, budget = self._session, self.incoming, _DRAIN_BYTES
        try:
            while incoming.left and budget > 0 and not incoming.closes:
                budget -= self.readinto(None)
        except LinkError:
            return
        # Also given up when bytes follow that nobody asked for: they would be taken for the next answer.
        if incoming.left or incoming.closes or session.at != session.got:
            session.disconnect()

    def __getattr__(self, name):
        """What takes the whole body into memory is in content.py, and looks as if it were here: content, json, ..."""
        try:
            return phase.call("xyte.services.content", "part", self, name, self._session.out)
        except MemoryError:  # an error page on a full heap is no reason for a restart
            self._session.disconnect()
            raise LinkError("no memory for it")
