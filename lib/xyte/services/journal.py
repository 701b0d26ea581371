"""The command journal: one record on flash about the last command, written before anything is done.

state.journal is [sequence number, entry]: the record as a dict (see core/commands.py), or None. It knows more than
flash when flash has failed in between.
"""

import json

from xyte import log
from xyte.core import record

_KEY = "command"


def recall(state):
    """Bring it from flash. Raises StoreError when flash cannot be read: without it the agent must not run commands."""
    whole = record.unpack(state.chip.keys.get(_KEY))
    state.journal[:] = (whole[0], json.loads(whole[1])) if whole else (0, None)


def keep(state, entry):
    """Keep entry. Raises StoreError; then the effect it announces must not happen."""
    sequence = state.journal[0] + 1
    state.chip.keys.set(_KEY, record.written(state.http.out, sequence, entry))
    state.journal[:] = sequence, entry


def keep_outcome(state):
    """The entry has its outcome. Raises StoreError when flash did not take it."""
    entry = state.journal[1]
    log.info("command", "%s: %s %s" % (entry["name"], entry["phase"], entry["message"]))
    keep(state, entry)
