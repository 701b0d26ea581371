"""What updater.py does before the transfer, and after one that did not end in the trial."""

from xyte import log, phase
from xyte.core import outcome, update_rules
from xyte.services.journal import keep_outcome
from xyte.services.update_record import UpdateRecord, read


def begin(state):
    """(id of the command or None, offer or None) of the update to fetch; None when there is none. Raises StoreError."""
    record = read(state.chip.keys)
    if not record or record["state"] != update_rules.FETCH or not state.identity:
        return None  # the application knows what has become of it
    state.cloud.use(state.identity)
    if record["command"] is not None:
        phase.call("xyte.services.journal", "recall", state)
    return record["command"], record["offer"]


def note_refusal(state, command, offer, reason):
    """The transfer was given up: kept for the application to tell. Raises StoreError."""
    log.warning("update", reason)
    if command is None:
        UpdateRecord(state).save(state=update_rules.REFUSED, command=None, offer=offer, message=reason)
    elif state.journal[1] and state.journal[1]["id"] == command:
        outcome.note(state.journal[1], outcome.FAILED, reason)
        keep_outcome(state)
