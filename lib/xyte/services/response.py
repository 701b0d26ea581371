"""The response as urequests callers know it: status_code, headers, raw.readinto, content, text, json(), close()."""

import json

from micropython import const
from xyte.core.wire import ChunkedBody
from xyte.errors import LinkError

_CONTENT_LIMIT = const(16384)  # largest body that .content takes into memory
_DRAIN_BYTES = const(2048)  # a longer rest is not worth reading to keep the connection
_PIECE_BYTES = const(256)
_ENDLESS = const(0x3FFFFFFF)
_NO_FIELDS = {}


class Response:
    """One for each session, used again for every request: valid until the next one. `raw` is the response itself.

    headers: dict with names in lower case; empty when the request did not keep them.
    retry_after_s: int, 0 when the server named none.
    """

    def __init__(self, connection):
        self._connection = connection
        self._chunks = ChunkedBody()
        self._left = 0  # body bytes still to come; _ENDLESS: until the server closes
        self._chunked = self._close = False
        self.headers, self._content = _NO_FIELDS, None
        self.status_code = self.retry_after_s = 0
        self.raw = self

    def begin(self, head, has_body):
        """A head has been read; its body, if it has one, is next on the connection."""
        self.status_code, self.retry_after_s = head.status, head.retry_after_s
        self.headers, self._content, head.fields = head.fields or _NO_FIELDS, None, None
        self._chunked = has_body and head.chunked
        self._close = head.close
        self._left = 0
        if self._chunked:
            self._chunks.reset()
        elif has_body:
            self._left = head.length
            if head.length < 0:
                self._left, self._close = _ENDLESS, True

    def readinto(self, buf):
        """Up to len(buf) bytes of the body. Returns how many; 0 only at its end.

        Raises LinkError when the connection ends before the body does, or at the deadline.
        """
        return self._take(buf)

    def feed(self, sink):
        """The rest of the body, piece by piece as it lies in the receive buffer, to sink.feed(buf, start, end)."""
        while self._take(None, sink):
            pass

    def _take(self, buf=None, sink=None):
        """The next bytes of the body: into buf, or past sink, or to nobody. Returns how many; 0 at its end."""
        connection = self._connection
        try:
            left = self._ahead()
            if not left:
                return 0
            if buf is not None:
                count = connection.read(buf, min(len(buf), left))
            else:
                count = connection.ready(left)
                if sink:
                    sink.feed(connection.buf, connection.at, connection.at + count)
                connection.at += count
            if left < _ENDLESS:
                self._must(count)
                if self._chunked:
                    self._chunks.took(count)
                else:
                    self._left -= count
            return count
        except OSError as e:
            self._give_up()
            raise LinkError("connection lost: %r" % e)
        except BaseException:  # Ctrl-C too: half a body must not be taken for the head of the next answer
            self._give_up()
            raise

    def _ahead(self):
        """Bytes of the body, or of its chunk, that come next."""
        chunks = self._chunks
        if not self._chunked:
            return self._left
        while not (chunks.left or chunks.over):
            c = self._connection.byte()
            self._must(c >= 0)
            chunks.byte(c)
        return chunks.left

    def _must(self, have):
        if not have:
            raise LinkError("closed before the end of the body")

    def _give_up(self):
        self._connection.close()
        self._chunked, self._left = False, 0

    def close(self):
        """Done with the body. The connection stays for the next request, if this response leaves it fit for one."""
        budget, count = _DRAIN_BYTES, 1
        try:
            while count and budget > 0 and not self._close:
                count = self._take()
                budget -= count
        except LinkError:
            return
        # Also given up when bytes follow that nobody asked for: they would be taken for the next answer.
        if count or self._connection.at != self._connection.got:
            self._give_up()

    @property
    def content(self):
        """The whole body as bytes. Raises LinkError over 16 KiB: read larger ones from `raw`."""
        if self._content is None:
            try:
                self._content = self._read_all()
            except MemoryError:  # an error page on a full heap is no reason for a restart
                self._give_up()
                raise LinkError("no memory for it")
        return self._content

    def _read_all(self):
        content, buf = bytearray(), bytearray(_PIECE_BYTES)
        count = self.readinto(buf)
        while count:
            content.extend(buf[:count])
            if len(content) > _CONTENT_LIMIT:
                self._give_up()
                raise LinkError("body over %d bytes" % _CONTENT_LIMIT)
            count = self.readinto(buf)
        return bytes(content)

    @property
    def text(self):
        return self.content.decode()

    def json(self):
        return json.loads(self.content)
