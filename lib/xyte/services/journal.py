"""The command journal: one record on flash about the last command, written before anything is done."""

import json

from xyte import log
from xyte.core import record

_KEY = "command"


class Journal:
    """entry: the record as a dict (see core/commands.py), or None. keys: key-value store.

    memory: [sequence number, entry], as an earlier Journal of this run has left it: it knows more than flash when flash
    has failed in between.
    """

    def __init__(self, keys, memory=None):
        self._keys, self._memory = keys, memory or [0, None]
        self.entry = self._memory[1]

    def load(self):
        """Raises StoreError when flash cannot be read: without its journal the agent must not run commands."""
        whole = record.unpack(self._keys.get(_KEY))
        if whole:
            self.know(json.loads(whole[1]), whole[0])

    def know(self, entry, sequence=None):
        """From here on this is the entry, whether or not flash has it."""
        self.entry = self._memory[1] = entry
        if sequence is not None:
            self._memory[0] = sequence

    def owes(self):
        """Is there an outcome that the cloud has not heard of?"""
        return bool(self.entry and not self.entry["reported"] and self.entry["phase"] != "started")

    def save(self, entry):
        """Keep entry. Raises StoreError; then the effect it announces must not happen."""
        sequence = self._memory[0] + 1
        self._keys.set(_KEY, record.pack(sequence, json.dumps(entry).encode()))
        self.know(entry, sequence)

    def keep_outcome(self):
        """The entry has its outcome. Raises StoreError when flash did not take it."""
        entry = self.entry
        log.info("command", "%s: %s %s" % (entry["name"], entry["phase"], entry["message"]))
        self.save(entry)


def keep_outcome(state):
    """See Journal.keep_outcome; for who has no Journal at hand."""
    Journal(state.chip.keys, state.journal).keep_outcome()


def recall(state):
    """Bring what flash knows of the last command into state.journal. Raises StoreError."""
    Journal(state.chip.keys, state.journal).load()
