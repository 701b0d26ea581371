"""Which values the cloud takes, and how they are written: as JSON, straight into a preallocated buffer.

A telemetry value is a 32-bit integer or float, a boolean or a string of up to 1000 bytes. Source: the device API's
Send Telemetry page.

Nothing is built in between, nothing is left on the heap: the interpreter's own `json.dump` formats in C, and hands its
output over in pieces on the stack. Bytes are copied one by one on purpose: up to MicroPython 1.25 every slice of a
buffer is an allocation.
"""

import io
import json

from micropython import const

_MAX_TEXT_BYTES = const(1000)
_MIN_FLOAT, _MAX_FLOAT = -3.4028235e38, 3.4028235e38  # ready made: they are objects on the heap


def check(value):
    """Raises ValueError, in words for an operator, when the cloud would not take this value. None removes a key."""
    if isinstance(value, str):
        if clip(value) is not value:
            raise ValueError("text over 1000 bytes")
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if not -1 <= value >> 31 <= 0:  # all that is left is the sign
            raise ValueError("%d does not fit 32 bits" % value)
    elif not isinstance(value, float):
        raise ValueError("a %s is not a telemetry value" % type(value).__name__)
    elif not _MIN_FLOAT <= value <= _MAX_FLOAT:  # nor does what is not a number
        raise ValueError("%s does not fit a 32-bit float" % value)


def clip(text, limit=_MAX_TEXT_BYTES):
    """The text cut to at most `limit` bytes of UTF-8, on a character boundary; the very same when it is no longer."""
    if len(text) * 4 <= limit:
        return text
    data = text[: limit + 1].encode()  # what is too long is not copied whole
    if len(data) <= limit:
        return text
    while limit and data[limit] & 0xC0 == 0x80:  # never inside a character
        limit -= 1
    return data[:limit].decode()


def words(error, limit):
    """What an exception of the user's code says, as `clip` cuts it; "" when it raises, too, or there is no room."""
    try:
        return clip(str(error), limit)
    except Exception:
        return ""


class JsonBuffer(io.IOBase):
    """A region of `buf`, from `start` to `end`, filled by write and value. Raises ValueError when it is full.

    After a ValueError the content is not usable: `clear` and write something smaller.
    """

    def __init__(self, buf, start=0):
        self.buf, self.start, self.end = buf, start, start

    def __len__(self):
        return self.end - self.start

    def clear(self):
        self.end = self.start

    def write(self, data):
        """Append bytes of JSON: punctuation, ready-made pieces, what json.dump hands over (on CPython a str)."""
        if isinstance(data, str):
            data = data.encode()
        buf, at = self.buf, self.end
        if at + len(data) > len(buf):
            raise ValueError("message over %d bytes" % (len(buf) - self.start))
        for i in range(len(data)):  # over `data` itself it would need more than the stack has for a call
            buf[at] = data[i]
            # MicroPython's json.loads makes surrogates of \ud83d\ude00, which are not UTF-8: each is told as one '?'.
            if data[i] & 192 == 128 and (buf[at - 1] < 128 or buf[at - 1] == 0xED and data[i] > 0x9F):
                at -= 1
                buf[at] = 63
            at += 1
        self.end = at
        return len(data)

    def value(self, value):
        """A JSON value: None, bool, int, str, a finite float, dicts with str keys and lists of these.

        Other types come out as something that is not JSON: `check` is for what is not our own.
        """
        json.dump(value, self)
