"""A gzip stream, unpacked at the interpreter's own speed.

`DeflateIO` takes its input one byte at a time: from a stream written in Python that is a call for each byte, and five
to ten times as slow as unpacking itself. So it is given a BytesIO, which is kept from running dry.
"""

# The stubs give BytesIO no methods.
# pyright: reportAttributeAccessIssue=false
import io

import deflate

from micropython import const

_WINDOW_BITS = const(12)
_ROOM = const(1024)
_STEP = const(256)  # unpacked at a time
_ENOUGH = const(768)  # packed bytes for a step: 256 symbols of at most 15 bits, and a block's tables before them


class Unpacked:
    """source: stream of the packed bytes, which also may say "not now". first: what was read of it already."""

    def __init__(self, source, first):
        self._stream = source
        self._buf = bytearray(_ROOM)
        self._packed = io.BytesIO(_ROOM)
        self._packed.write(self._buf)  # what waits to be unpacked always ends where this ends
        self._put(first)
        self._inflate = deflate.DeflateIO(self._packed, deflate.GZIP, _WINDOW_BITS)

    def readinto(self, buf):
        """Up to len(buf) bytes; 0 at the end, None for "not now". Raises EOFError or OSError for what is not gzip."""
        if _ROOM - self._packed.tell() < _ENOUGH and not self._fill():
            return None
        return self._inflate.readinto(buf, min(len(buf), _STEP))

    def _fill(self):
        """False when there may not be enough for a step, and the rest of the source is not here."""
        view = memoryview(self._buf)
        have, got = self._packed.readinto(self._buf), 1
        try:
            while got and have < _ROOM:
                got = self._stream.readinto(view[have:])
                have += got or 0
        finally:  # also after a lost connection: the source goes on behind these
            self._put(view[:have])
        return got is not None or have >= _ENOUGH

    def _put(self, data):
        self._packed.seek(_ROOM - len(data))
        self._packed.write(data)
        self._packed.seek(_ROOM - len(data))
