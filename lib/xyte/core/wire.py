"""What the bytes of an HTTP/1.1 response mean (RFC 9112). No I/O: bytes in, facts out.

Rule 1: whatever the bytes are, the outcome is a parsed head or a LinkError; never a wrong length taken for a right one.
Rule 2: the plain path (no fields kept) allocates nothing.
"""

from micropython import const
from xyte.errors import LinkError

_LINE_BYTES = const(256)
_LINE_BYTES_KEPT = const(2048)  # a kept Location may be long
_HEAD_BYTES = const(8192)
_FRAMING_BYTES = const(1024)  # in a row: a chunk's extensions, or all trailer lines
_MAX_LENGTH = const(0x3FFFFFFF)  # a small int on the chip; no body of ours is near it

_NOT_HTTP = "not an HTTP/1.x response"
_BAD_FIELD = "length or coding of the response unclear"
_BAD_CHUNK = "broken chunked body"


class ResponseHead:
    """Fed with bytes as they come, until the blank line.

    status: int. length: of the body in bytes, -1 when the head gives none. chunked: bool.
    close: the connection ends with this response. retry_after_s: int, 0 when absent or given as a date.
    fields: dict of lower-case name -> value when they are kept, else None.
    """

    def __init__(self):
        self._own_line = bytearray(_LINE_BYTES)
        self.reset()

    def reset(self, keep_fields=False, room=None):
        """room: a buffer that is free until the head is whole, or None; lines are kept there if it is large enough."""
        self._line = self._own_line
        if keep_fields:
            self._line = room if room and len(room) >= _LINE_BYTES_KEPT else bytearray(_LINE_BYTES_KEPT)
        self._seen = 0
        self._begin(keep_fields)

    def _begin(self, keep_fields):
        self._used = 0
        self._cut = False  # the line is longer than what is kept of it
        self.status = 0
        self.length = -1
        self.chunked = False
        self.close = False
        self.retry_after_s = 0
        self.fields = {} if keep_fields else None

    def feed(self, buf, start, end):
        """Take buf[start:end]. Returns the index after the head, or -1 when the head goes on. Raises LinkError."""
        line = self._line
        for i in range(start, end):
            c = buf[i]
            self._seen += 1
            if c != 10:
                if self._used < len(line):
                    line[self._used] = c
                    self._used += 1
                else:
                    self._cut = True
                continue
            if self._end_of_line():
                return i + 1
        if self._seen > _HEAD_BYTES:
            raise LinkError("response head too long")
        return -1

    def _end_of_line(self):
        """One line is complete. True when it was the blank one that ends a final response's head."""
        if self._used and self._line[self._used - 1] == 13:
            self._used -= 1
        if self._used:
            if self.status:
                self._field()
            else:
                self._status_line()
            self._used = 0
            self._cut = False
            return False
        if not self.status:
            raise LinkError(_NOT_HTTP)
        if self.status < 200:  # 1xx: an interim head, the real one follows
            self._begin(self.fields is not None)
            return False
        self._line = self._own_line  # the room for lines that are kept is free
        return True

    def _status_line(self):
        line = self._line
        if self._used < 12 or not self._starts(b"http/1.") or line[8] != 32 or self._used > 12 and line[12] != 32:
            raise LinkError(_NOT_HTTP)
        self.status = self._number(9, 12)
        if not 100 <= self.status <= 599:
            raise LinkError(_NOT_HTTP)
        self.close = line[7] == 48  # HTTP/1.0 closes unless it says otherwise

    def _starts(self, name, at=0):
        """Does the line, in lower case, have `name` at this index? Does not allocate."""
        line = self._line
        if at + len(name) > self._used:
            return False
        for i in range(len(name)):
            c = line[at + i]
            if 65 <= c <= 90:
                c += 32
            if c != name[i]:
                return False
        return True

    def _value_at(self, index):
        """Where the value of a field that we act on begins. One that lost its end is no value."""
        if self._cut:
            raise LinkError(_BAD_FIELD)
        while index < self._used and self._line[index] in b" \t":
            index += 1
        return index

    def _number(self, start, end=-1):
        """Digits from start on, white space behind them allowed. Raises LinkError for anything else."""
        line = self._line
        if end < 0:
            end = self._used
            while end > start and line[end - 1] in b" \t":
                end -= 1
        number = 0 if start < end else -1
        for i in range(start, end):
            digit = line[i] - 48
            if not 0 <= digit <= 9 or number > _MAX_LENGTH // 10 - 1:
                number = -1
                break
            number = number * 10 + digit
        if number < 0:
            raise LinkError(_BAD_FIELD)
        return number

    def _field(self):
        if self._starts(b"content-length:"):
            length = self._number(self._value_at(15))
            if self.length >= 0 and self.length != length:
                raise LinkError(_BAD_FIELD)
            self.length = length
        elif self._starts(b"transfer-encoding:"):
            value = self._value_at(18)
            if not self._starts(b"chunked", value) or self._value_at(value + 7) < self._used:
                raise LinkError(_BAD_FIELD)
            self.chunked = True
        elif self._starts(b"connection:"):
            value = self._value_at(11)
            if self._starts(b"close", value):
                self.close = True
            elif self._starts(b"keep-alive", value):
                self.close = False
        elif self._starts(b"retry-after:"):
            value = self._value_at(12)
            if value < self._used and 48 <= self._line[value] <= 57:  # else a date: our own pause will do
                self.retry_after_s = self._number(value)
        if self.fields is not None and not self._cut:
            self._keep()

    def _keep(self):
        try:
            line = bytes(self._line[: self._used]).decode()
        except (UnicodeError, ValueError):
            return  # not text: no field of ours
        name, colon, value = line.partition(":")
        if colon:
            self.fields[name.lower()] = value.strip()

    def has_body(self):
        """1xx, 204 and 304 have none, whatever their fields say (RFC 9112, 6.3)."""
        return self.status not in (204, 304)


class ChunkedBody:
    """Decoder of the chunked coding's framing; the data itself goes past it.

    left: bytes of data that come next. With none left a byte of framing does, until the body is `over`.
    """

    def __init__(self):
        self.reset()

    def reset(self):
        self.over = False
        self.left = self._size = self._digits = 0
        self._seen = 0  # bytes of framing since the last data
        self._state = 0  # 0 size, 1 rest of the size line, 2 end of data, 3 trailer lines

    def took(self, count):
        """`count` bytes of data went past."""
        self.left -= count
        if not self.left:
            self._state = 2

    def byte(self, c):
        """One framing byte. Raises LinkError when it cannot be one."""
        state, digits = self._state, self._digits
        self._seen += 1
        if self._seen > _FRAMING_BYTES:
            raise LinkError(_BAD_CHUNK)
        if state == 3:  # skipped; the blank line ends the body
            if c == 10:
                self.over = not digits
            if c != 13:
                self._digits = c != 10
        elif state == 2:
            if c == 10:
                self.reset()
            elif c != 13:
                raise LinkError(_BAD_CHUNK)
        elif c == 10 and digits:
            self.left = self._size
            if not self._size:
                self._state, self._digits = 3, 0
        elif state or digits and c in b"\r; \t":
            self._state = 1
        else:
            self._size_digit(c)

    def _size_digit(self, c):
        digit = c - 48 if c <= 57 else (c | 32) - 87 if (c | 32) >= 97 else -1
        if not 0 <= digit <= 15 or self._digits > 6:
            raise LinkError(_BAD_CHUNK)
        self._digits += 1
        self._size = self._size * 16 + digit
