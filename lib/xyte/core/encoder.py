"""JSON written straight into a preallocated buffer: nothing is built in between, nothing is left on the heap.

Bytes are copied one by one on purpose: up to MicroPython 1.25 every slice of a buffer is an allocation.
"""

_DIGITS = b"0123456789abcdef"


class JsonBuffer:
    """A region of `buf` from `start` on, filled by the put methods. Raises ValueError when it is full.

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

    def _room(self, count):
        """Take so many bytes. Returns where they begin."""
        at = self.end
        if at + count > len(self.buf):
            raise ValueError("message over %d bytes" % (len(self.buf) - self.start))
        self.end = at + count
        return at

    def raw(self, data):
        """Append bytes as they are: punctuation and ready-made JSON."""
        buf, at = self.buf, self._room(len(data))
        for i in range(len(data)):
            buf[at + i] = data[i]

    def _byte(self, value):
        self.buf[self._room(1)] = value

    def text(self, text):
        """A JSON string. text: str, written as UTF-8, control characters escaped."""
        self._byte(34)
        data = text.encode()
        for i in range(len(data)):
            c = data[i]
            if c == 34 or c == 92:
                self._byte(92)
                self._byte(c)
            elif c < 32:
                self.raw(b"\\u00")
                self._byte(_DIGITS[c >> 4])
                self._byte(_DIGITS[c & 15])
            else:
                self._byte(c)
        self._byte(34)

    def integer(self, value, width=1):
        """A decimal integer, zero-padded to width; digits are laid down from the right, so no text is made."""
        if value < 0:
            self._byte(45)
            value = -value
        length, rest = 1, value // 10
        while rest:
            length, rest = length + 1, rest // 10
        length = max(length, width)
        at = self._room(length) + length
        while length:
            at, length = at - 1, length - 1
            self.buf[at] = 48 + value % 10
            value //= 10

    def value(self, value):
        """Any JSON value: None, bool, int, float, str, dict with str keys, list. Raises TypeError for other types."""
        if value is None:
            self.raw(b"null")
        elif value is True:
            self.raw(b"true")
        elif value is False:
            self.raw(b"false")
        elif isinstance(value, int):
            self.integer(value)
        elif isinstance(value, float):
            self.raw(("%.7g" % value).encode())  # 32-bit float: 7 digits are all it has
        elif isinstance(value, str):
            self.text(value)
        elif isinstance(value, dict):
            self._members(value)
        elif isinstance(value, (list, tuple)):
            self._items(value)
        else:
            raise TypeError("%s in JSON" % type(value).__name__)

    def _members(self, members):
        self._byte(123)
        first = True
        for key in members:
            if not first:
                self._byte(44)
            first = False
            self.text(key)
            self._byte(58)
            self.value(members[key])
        self._byte(125)

    def _items(self, items):
        self._byte(91)
        for i in range(len(items)):
            if i:
                self._byte(44)
            self.value(items[i])
        self._byte(93)
