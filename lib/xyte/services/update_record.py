"""How far an update is, in NVS: a record with the state, and beside it how many bytes are safe."""

import json

from micropython import const
from xyte.core import record
from xyte.core.update_rules import AT_KEY

_KEY, _FAILED_KEY = "update", "update.failed"
_FAILED_KEPT = const(4)
_ID_HEX = const(16)  # so much of a digest tells images apart


class UpdateRecord:
    """`now`: the record as a dict, None when no update is under way. state: State."""

    def __init__(self, state):
        self._keys, self._out, self._sequence = state.chip.keys, state.http.out, 0
        self.now = None

    def load(self):
        whole = record.unpack(self._keys.get(_KEY))
        if whole:
            self._sequence = whole[0]
            self.now = json.loads(whole[1])

    def save(self, **changes):
        """Change fields and keep the whole. Raises StoreError; then nothing of it must be done."""
        now = dict(self.now or {})
        now.update(changes)
        self._keys.set(_KEY, record.written(self._out, self._sequence + 1, now))
        self._sequence += 1
        self.now = now

    def clear(self):
        self._keys.erase(_KEY)
        self._keys.erase(AT_KEY)
        self.now = None

    def set_safe(self, at):
        self._keys.set_int(AT_KEY, at)

    def remember_failure(self):
        """This image is not tried again, whoever sends it."""
        failed = self._keys.get(_FAILED_KEY) or b""
        mark = self.now["sha256"][:_ID_HEX].encode()
        if mark not in failed:
            self._keys.set(_FAILED_KEY, (mark + failed)[: _ID_HEX * _FAILED_KEPT])

    def has_failed(self, sha256):
        return sha256[:_ID_HEX].encode() in (self._keys.get(_FAILED_KEY) or b"")


def loaded(state):
    """The record as flash has it. Raises StoreError."""
    record = UpdateRecord(state)
    record.load()
    return record


def read(keys):
    """What the record says, as a dict; None when no update is under way. keys: key-value store. Raises StoreError."""
    whole = record.unpack(keys.get(_KEY))
    return json.loads(whole[1]) if whole else None


def resume_at(state, anew):
    """The first byte of the file that is still wanted. anew: the file has changed, nothing of it counts.

    Raises StoreError.
    """
    record = loaded(state)
    if anew:
        record.set_safe(0)
        record.save(etag="")
    return state.chip.keys.get_int(AT_KEY)


def note_etag(state, etag):
    """The file that the bytes come from has this ETag; none of them is on flash yet. Raises StoreError."""
    loaded(state).save(etag=etag)
