"""What updater.py does once there is a network: the transfer, and how it ended when it did not end in the trial."""

from xyte import log, phase
from xyte.core import outcome, update_rules
from xyte.errors import CommandError


def update(state):
    """Raises StoreError, SettingsError."""
    record = phase.call("xyte.services.update_record", "read", state.chip.keys)
    if not record or record["state"] != update_rules.FETCH or not state.identity:
        return  # the application knows what has become of it
    command, offer = record["command"], record["offer"]
    state.cloud.use(state.identity)
    if command is not None:
        phase.call("xyte.services.journal", "recall", state)
    try:
        phase.call("xyte.phases.transfer", "carry_out", state, [])
    except CommandError as e:
        note_refusal(state, command, offer, str(e))


def note_refusal(state, command, offer, reason):
    """It ended before the trial; kept for the application to tell."""
    from xyte.services.journal import Journal
    from xyte.services.update_record import UpdateRecord

    log.warning("update", reason)
    if command is None:
        UpdateRecord(state.chip.keys).save(state=update_rules.REFUSED, command=None, offer=offer, message=reason)
    elif state.journal[1] and state.journal[1]["id"] == command:
        outcome.note(state.journal[1], outcome.FAILED, reason)
        Journal(state.chip.keys, state.journal).keep_outcome()
