"""The part of `Response` that takes a whole body into memory: content, text, json().

A phase: the steady telemetry looks at its answer while it goes by.
"""

import json

from micropython import const
from xyte.errors import LinkError

_LIMIT = const(16384)  # bytes
_PIECE_BYTES = const(256)


def part(response, name):
    """The attribute of a response that is called `name`; `body` is content that is not copied into bytes.

    Raises AttributeError when there is none, LinkError for a body over 16 KiB: larger ones are read from `raw`.
    """
    if name not in ("content", "text", "json", "body"):
        raise AttributeError(name)
    if response.whole is None:
        length = response.incoming.left  # below 0, or far too much: not known
        response.whole = _exactly(response, length) if 0 <= length <= _LIMIT else _pieces(response)
    data = response.whole
    if name == "json":
        return lambda: json.loads(data)  # pyright: ignore[reportArgumentType] - the stubs take str only
    if name == "body":
        return data
    return bytes(data) if name == "content" else bytes(data).decode()


def _exactly(response, length):
    """In one piece, which the head has told the size of: a command with its signature is long."""
    data, at = bytearray(length), 0
    view = memoryview(data)
    while at < length:
        at += response.readinto(view[at:])
    return data


def _pieces(response):
    data, buf = bytearray(), bytearray(_PIECE_BYTES)
    count = response.readinto(buf)
    while count:
        data.extend(memoryview(buf)[:count])
        if len(data) > _LIMIT:
            response.close()
            raise LinkError("body over %d bytes" % _LIMIT)
        count = response.readinto(buf)
    return data
