"""The command journal: one record on flash about the last command, written before anything is done."""

import json

from xyte.core import record

_KEY = "command"


class Journal:
    """entry: the record as a dict (see core/commands.py), or None. keys: key-value store."""

    def __init__(self, keys):
        self._keys = keys
        self._sequence = 0
        self.entry = None

    def load(self):
        """Raises StoreError when flash cannot be read: without its journal the agent must not run commands."""
        whole = record.unpack(self._keys.get(_KEY))
        if whole:
            self._sequence, self.entry = whole[0], json.loads(whole[1])

    def owes(self):
        """Is there an outcome that the cloud has not heard of?"""
        return bool(self.entry and not self.entry["reported"] and self.entry["phase"] != "started")

    def save(self, entry):
        """Keep entry. Raises StoreError; then the effect it announces must not happen."""
        data = record.pack(self._sequence + 1, json.dumps(entry).encode())
        self._keys.set(_KEY, data)
        self._sequence += 1
        self.entry = entry
