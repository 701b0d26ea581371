"""The part of `Response` that takes a whole body into memory: content, text, json().

A phase: the steady telemetry looks at its answer while it goes by.
"""

import json

from micropython import const
from xyte.errors import AnswerError

_LIMIT = const(16384)  # bytes
_PIECE_BYTES = const(256)


def part(response, name, out):
    """The attribute of a response that is called `name`; `body` is content that is used before `out` is written again:
    it lies there, as far as it fits.

    Raises AttributeError when there is none, AnswerError for a body over 16 KiB: larger ones are read from `raw`.
    """
    if name not in ("content", "text", "json", "body"):
        raise AttributeError(name)
    if response.whole is None:
        free = memoryview(out.buf)[out.start :]
        length = response.incoming.left  # below 0, or far too much: not known
        if not 0 <= length <= _LIMIT:
            response.whole = _pieces(response)
        elif name == "body" and length <= len(free):
            response.whole = _exactly(response, free[:length])
        else:
            response.whole = _exactly(response, bytearray(length))
    data = response.whole
    if name == "json":
        return lambda: json.loads(data)  # pyright: ignore[reportArgumentType] - the stubs take str only
    if name == "body":
        return data
    return bytes(data) if name == "content" else bytes(data).decode()


def _exactly(response, data):
    """Fill data, which is as long as the head has told."""
    at, view = 0, memoryview(data)
    while at < len(data):
        at += response.readinto(view[at:])
    return data


def _pieces(response):
    data, buf = bytearray(), bytearray(_PIECE_BYTES)
    count = response.readinto(buf)
    while count:
        data.extend(memoryview(buf)[:count])
        if len(data) > _LIMIT:
            response.close()
            raise AnswerError("body over %d bytes" % _LIMIT)
        count = response.readinto(buf)
    return data
