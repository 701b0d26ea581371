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
    """source: stream of the packed bytes."""

    def __init__(self, source):
        self._stream = source
        self._buf = bytearray(_ROOM)
        self._packed = io.BytesIO(_ROOM)
        self._packed.write(self._buf)  # what waits to be unpacked always ends where this ends
        self._inflate = deflate.DeflateIO(self._packed, deflate.GZIP, _WINDOW_BITS)

    def readinto(self, buf):
        """Up to len(buf) bytes; 0 at the end. Raises EOFError or OSError for what is not gzip."""
        if _ROOM - self._packed.tell() < _ENOUGH:
            self._fill()
        return self._inflate.readinto(buf, min(len(buf), _STEP))

    def _fill(self):
        packed, view = self._packed, memoryview(self._buf)
        have = packed.readinto(self._buf)
        got = self._stream.readinto(view[have:])
        while got:
            have += got
            got = self._stream.readinto(view[have:]) if have < _ROOM else 0
        packed.seek(_ROOM - have)
        packed.write(view[:have])
        packed.seek(_ROOM - have)
