"""What the bytes of an HTTP/1.1 response mean (RFC 9112). No I/O: bytes in, facts out.

All but the data of the body are lines: those of the head, and in a chunked body the size in front of each chunk, the
blank line behind it, and the trailer.

Rule 1: whatever the bytes are, the outcome is a response or a LinkError; never a wrong length taken for a right one.
Rule 2: the plain path (no fields kept) allocates nothing.
"""

from micropython import const
from xyte.errors import LinkError

_LINE_BYTES = const(160)
_LINE_BYTES_KEPT = const(2048)  # a kept Location may be long
_LINES_BYTES = const(8192)  # a head, or all lines between two pieces of data
_MAX_NUMBER = const(0x3FFFFFFF)  # a small int on the chip; no body of ours is near it
_ENDLESS = const(0x3FFFFFFF)
_DAY_S = const(86400)
_NOT_KEPT = {}

_HEAD = const(0)  # where the next line stands
_SIZE = const(1)
_BEHIND_DATA = const(2)
_TRAILER = const(3)

_UNCLEAR = const("length or coding unclear")
_CUT_SHORT = const("closed inside the response")


class Incoming:
    """One response after the other: lines are fed to it, the data of the body go past it.

    status: int. retry_after_s: a day at most, 0 when absent or given as a date. closes: the connection ends with this
    response.
    headers: dict of lower-case name -> value when they are kept, else an empty one.
    left: how many bytes of data come next; 0 when the response is over, -1 when a line comes next.
    """

    def __init__(self):
        self._own_line = bytearray(_LINE_BYTES)
        self.reset()
        self.left = 0  # nothing has been asked for

    def reset(self, has_body=True, keep_fields=False, room=None):
        """A response is to come. has_body: False for an answer to HEAD.

        room: a buffer that is free until the head is whole, or None: then no line over 160 bytes is kept.
        """
        self._line, self._longest = self._own_line, _LINE_BYTES
        if keep_fields and room:
            self._line, self._longest = room, _LINE_BYTES_KEPT
        self._has_body = has_body
        self._part = _HEAD
        self._used = self._seen = 0  # bytes of the line, and of the lines in a row; also of what is not kept of them
        self._length, self._chunked = -1, False
        self.status = self.retry_after_s = 0
        self.closes = False
        self.headers = {} if keep_fields else _NOT_KEPT
        self.left = -1

    def feed(self, buf, start, end):
        """Take the lines in buf[start:end], as far as they stand in a row; none: the connection has ended.

        Returns the index after the row: after the head, in front of data, after the response. -1 when the row goes on.
        Raises LinkError.
        """
        if start == end:
            raise LinkError(_CUT_SHORT)
        line, used = self._line, self._used
        room = len(line)
        for i in range(start, end):
            c = buf[i]
            if c != 10:
                if used < room:
                    line[used] = c
                elif used == room < self._longest:  # few lines are as long
                    self._line = bytearray(self._longest)
                    self._line[:room] = line
                    line, room = self._line, self._longest
                    line[used] = c
                used += 1
                continue
            self._used = used
            used = 0
            if self._end_of_line():
                self._used = self._seen = 0
                return i + 1
        self._used = used
        self._seen += end - start
        if self._seen > _LINES_BYTES:
            raise LinkError("response head too long")
        return -1

    def took(self, count):
        """`count` bytes of data went past; 0: the connection has ended. Raises LinkError when it must not have."""
        if self.left == _ENDLESS:
            if not count:
                self.left = 0
        elif not count:
            raise LinkError(_CUT_SHORT)
        else:
            self.left -= count
            if self._chunked and not self.left:
                self.left = -1

    def _end_of_line(self):
        """One line is complete. True when it was the last of a row."""
        line, used, part = self._line, self._used, self._part
        self._cut = used > len(line)  # it is longer than what is kept of it
        if self._cut:
            used = len(line)
        elif used and line[used - 1] == 13:
            used -= 1
        blank = not used
        while used and line[used - 1] in b" \t":
            used -= 1
        self._used = used
        if part == _SIZE:
            return self._chunk()
        if part == _HEAD and not self.status:
            self._status_line()
        elif not blank:
            if part == _BEHIND_DATA:
                raise LinkError(_UNCLEAR)
            if part == _HEAD and self.status >= 200:  # the fields of an interim head say nothing of the real one
                self._field()
        elif part == _BEHIND_DATA:
            self._part = _SIZE
        elif part == _TRAILER:
            self.left = 0
            return True
        elif self.status < 200:
            self.status = 0
        else:
            self._body()
            return True
        return False

    def _status_line(self):
        line, used = self._line, self._used
        if used >= 12 and self._after(b"http/1.") and line[8] == 32 and (used == 12 or line[12] == 32):
            self.status = self._number(9, 12)
        if not 100 <= self.status <= 599:
            raise LinkError("not an HTTP/1.x response")
        self.closes = line[7] == 48  # HTTP/1.0 closes unless it says otherwise

    def _field(self):
        if at := self._after(b"content-length:"):
            length = self._number(at, self._used)
            if 0 <= self._length != length:
                raise LinkError(_UNCLEAR)
            self._length = length
        elif at := self._after(b"transfer-encoding:"):
            if self._after(b"chunked", at) != self._used:
                raise LinkError(_UNCLEAR)
            self._chunked = True
        elif at := self._after(b"connection:"):
            if self._after(b"close", at):
                self.closes = True
            elif self._after(b"keep-alive", at):
                self.closes = False
        elif not self._cut and (at := self._after(b"retry-after:")):  # only advice: never a reason to lose the answer
            self.retry_after_s = 0
            while at < self._used and 48 <= self._line[at] <= 57:  # none: a date
                self.retry_after_s = min(self.retry_after_s * 10 + self._line[at] - 48, _DAY_S)
                at += 1
        if self.headers is not _NOT_KEPT and not self._cut:
            self._keep()

    def _keep(self):
        try:
            line = bytes(self._line[: self._used]).decode()
        except (UnicodeError, ValueError):
            return  # not text: no field of ours
        name, colon, value = line.partition(":")
        if colon:
            self.headers[name.lower()] = value.strip()

    def _body(self):
        """The head is over: what comes now (RFC 9112, 6.3)."""
        self._line = self._own_line
        if not self._has_body or self.status in (204, 304):  # whatever their fields say
            self.left = 0
        elif self._chunked:
            self._part = _SIZE
        elif self._length >= 0:
            self.left = self._length
        else:
            self.left, self.closes = _ENDLESS, True

    def _chunk(self):
        """The line is a chunk's size, with extensions that mean nothing. True when there are data in it."""
        line, end = self._line, 0
        while end < self._used and line[end] not in b"; \t":
            end += 1
        size = self._number(0, end, 16)
        if not size:
            self._part = _TRAILER
            return False
        self._part = _BEHIND_DATA
        self.left = size
        return True

    def _after(self, word, at=0):
        """Where the line goes on behind a word, in any case, and white space; 0 when the word is not at this index.

        word: bytes in lower case. Raises LinkError for a field without its end: half a value is none.
        """
        line = self._line
        if at + len(word) > self._used:
            return 0
        for i in range(len(word)):
            c = line[at]
            if c != word[i] and (c + 32 != word[i] or not 65 <= c <= 90):
                return 0
            at += 1
        if self._cut and self.status:
            raise LinkError(_UNCLEAR)
        while at < self._used and line[at] in b" \t":
            at += 1
        return at

    def _number(self, start, end, base=10):
        """The number of which line[start:end] are the digits. Raises LinkError for anything else."""
        if start >= end:
            raise LinkError(_UNCLEAR)
        number = 0
        for i in range(start, end):
            digit = self._line[i] - 48
            if digit > 9:  # a letter, in any case, or nothing
                digit = (digit | 32) - 39 if (digit | 32) > 48 else -1
            if not 0 <= digit < base or number >= _MAX_NUMBER // base:
                raise LinkError(_UNCLEAR)
            number = number * base + digit
        return number
