"""JSON written straight into a preallocated buffer: nothing is built in between, nothing is left on the heap.

Values are formatted by the interpreter's own `json.dump`, in C, which hands its output over in pieces on the stack.
Bytes are copied one by one on purpose: up to MicroPython 1.25 every slice of a buffer is an allocation.
"""

import io
import json


class JsonBuffer(io.IOBase):
    """A region of `buf` from `start` on, filled by raw, value and digits. Raises ValueError when it is full.

    After a ValueError the content is not usable: `clear` and write something smaller.
    """

    def __init__(self, buf, start=0):
        self.buf, self.start, self.end = buf, start, start

    def __len__(self):
        return self.end - self.start

    def clear(self):
        self.end = self.start

    def content(self):
        """A copy, as bytes. Allocates: for tests, logs and stock HTTP clients."""
        return bytes(self.buf[self.start : self.end])

    def raw(self, data):
        """Append bytes as they are: punctuation and ready-made JSON."""
        buf, at = self.buf, self.end
        if at + len(data) > len(buf):
            raise ValueError("message over %d bytes" % (len(buf) - self.start))
        for i in range(len(data)):
            buf[at] = data[i]
            at += 1
        self.end = at

    def write(self, data):
        """What json.dump calls: with bytes, and on CPython with str."""
        self.raw(data.encode() if isinstance(data, str) else data)
        return len(data)

    def value(self, value):
        """A JSON value: None, bool, int, str, a finite float, dicts with str keys and lists of these.

        Other types come out as something that is not JSON: `values.check` is for what is not our own.
        """
        json.dump(value, self)

    def digits(self, value, width):
        """The last `width` decimal digits of a whole number of 0 or more, with zeros in front."""
        at = self.end + width
        for _ in range(width):
            self.raw(b"0")
        while width:
            at, width = at - 1, width - 1
            self.buf[at] += value % 10
            value //= 10
