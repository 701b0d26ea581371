"""An answer judged while it goes by: the members that the agent acts on are kept as they came, the rest is let go.

Nothing is built and nothing is allocated, so an answer that asks for nothing costs nothing, however long it is and
whatever else it says: key order, white space, nested values, a member that is new or that changes each time.
"""

from micropython import const

_SPOILT = const(-0x1000000)  # a depth that no answer climbs out of


class Sieve:
    """Fed with the bytes of one JSON object. keys: the members to keep, as they stand in it: bytes with the quotes.

    longest: bytes that each may take, with its key; a longer one is let go by. Only the object's outline and the kept
    members are judged: what is not looked at may be anything.
    """

    def __init__(self, keys, longest):
        self._keys, self._longest = keys, longest
        room = len(keys) * longest + 2
        self._kept, self._quiet = bytearray(room), bytearray(room)
        self._quiet_end = -1  # no answer was quiet yet
        self.reset()

    def reset(self):
        """An answer begins."""
        self._end = self._mark = self._depth = 0  # of what is kept; where its last member begins; of nesting
        self._text = 0  # 1 inside a string, 2 behind a backslash
        self._keep = False

    def feed(self, buf, start, end):
        """Take buf[start:end]."""
        text = self._text
        for i in range(start, end):
            c = buf[i]
            if text == 1:
                text = 0 if c == 34 else 2 if c == 92 else 1
            elif text or c == 34:
                text = 1
            elif c <= 32:
                continue
            elif c in b"{}[]:,":
                self._outline(c)
                continue
            if self._keep:
                self._put(c)
            elif not self._depth:
                self._depth = _SPOILT
        self._text = text

    def _put(self, c):
        end = self._end
        if end - self._mark < self._longest and end < len(self._kept) - 1:
            self._kept[end] = c
            self._end = end + 1
        else:  # too long
            self._end, self._keep = self._mark, False

    def _outline(self, c):
        """A bracket, comma or colon outside of strings. Those of the object itself say where its members are."""
        depth = self._depth
        if not depth:
            if c != 123 or self._end:  # in front of the object, or behind it
                self._depth = _SPOILT
                return
            self._depth = 1
            self._keep = True
        elif c in b"]}":
            self._depth = depth - 1
            if depth == 1:
                self._close(c)
        elif c in b"[{":
            self._depth = depth + 1
        elif depth == 1 and c == 58 and not self._known():
            self._end, self._keep = self._mark, False
        if self._keep:
            self._put(c)
        if self._depth == 1 and c == 44 or not depth:
            self._keep, self._mark = True, self._end

    def _known(self):
        """Is what was kept last one of the keys?"""
        for key in self._keys:
            if len(key) == self._end - self._mark and self._kept.startswith(key, self._mark):
                return True
        return False

    def _close(self, c):
        """The object is over."""
        if c != 125:
            self._depth = _SPOILT
        if self._kept[self._end - 1] == 44:
            self._end -= 1
        self._kept[self._end] = c
        self._end += 1
        self._keep = False

    def quiet(self):
        """What was kept asks for nothing: the same need not be looked at again."""
        self._kept, self._quiet = self._quiet, self._kept
        self._quiet_end = self._end

    def is_quiet(self):
        """Does the answer, as far as it matters, say the same as the one that was quiet?"""
        if self._depth or self._end != self._quiet_end:
            return False
        for i in range(self._end):
            if self._kept[i] != self._quiet[i]:
                return False
        return True

    def content(self):
        """The kept members as a JSON object, bytes; for what was not one object JSON that is none either."""
        return b"[]" if self._depth or not self._end else bytes(self._kept[: self._end])
