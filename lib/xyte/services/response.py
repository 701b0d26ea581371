"""The response as urequests callers know it: status_code, headers, raw.readinto, content, text, json(), close()."""

import json

from micropython import const
from xyte.core.wire import ChunkedBody
from xyte.errors import LinkError

_CONTENT_LIMIT = const(16384)  # largest body that .content takes into memory
_DRAIN_BYTES = const(2048)  # a longer rest is not worth reading to keep the connection
_PIECE_BYTES = const(256)
_NO_FIELDS = {}


class Response:
    """One for each session, used again for every request: valid until the next one. `raw` is the response itself.

    headers: dict with names in lower case; empty when the request did not keep them.
    retry_after_s: int, 0 when the server named none.
    """

    def __init__(self, connection):
        self._connection = connection
        self._chunks = ChunkedBody()
        self._left = 0  # body bytes still to come; -1: until the server closes
        self._chunked = self._close = False
        self.headers, self._content = _NO_FIELDS, None
        self.status_code = self.retry_after_s = 0
        self.raw = self

    def begin(self, head, has_body):
        """A head has been read; its body, if it has one, is next on the connection."""
        self.status_code, self.retry_after_s = head.status, head.retry_after_s
        self.headers, self._content = head.fields or _NO_FIELDS, None
        self._chunked = has_body and head.chunked
        self._close = head.close
        self._left = 0
        if self._chunked:
            self._chunks.reset()
        elif has_body:
            self._left = head.length
            self._close = head.close or head.length < 0

    def readinto(self, buf):
        """Up to len(buf) bytes of the body. Returns how many; 0 only at its end.

        Raises LinkError when the connection ends before the body does, or at the deadline.
        """
        try:
            return self._read(buf)
        except OSError as e:
            self._give_up()
            raise LinkError("connection lost: %r" % e)
        except BaseException:  # Ctrl-C too: half a body must not be taken for the head of the next answer
            self._give_up()
            raise

    def _read(self, buf):
        if self._left < 0:
            return self._connection.read(buf, len(buf))
        chunks, left = self._chunks, self._left
        if self._chunked:
            while chunks.need == chunks.BYTE:
                c = self._connection.byte()
                self._must(c >= 0)
                chunks.byte(c)
            left = chunks.left if chunks.need == chunks.DATA else 0
        if not left:
            return 0
        count = self._connection.read(buf, min(len(buf), left))
        self._must(count)
        if self._chunked:
            chunks.took(count)
        else:
            self._left -= count
        return count

    def _must(self, have):
        if not have:
            raise LinkError("closed before the end of the body")

    def _done(self):
        return self._chunks.need == self._chunks.END if self._chunked else not self._left

    def _give_up(self):
        self._connection.close()
        self._chunked, self._left = False, 0

    def close(self):
        """Done with the body. The connection stays for the next request, if this response leaves it fit for one."""
        try:
            budget = _DRAIN_BYTES
            while not self._close and not self._done() and budget > 0:
                budget -= max(1, self.readinto(bytearray(_PIECE_BYTES)))
        except LinkError:
            return
        # Also given up when bytes follow that nobody asked for: they would be taken for the next answer.
        if self._close or not self._done() or self._connection.at != self._connection.got:
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
