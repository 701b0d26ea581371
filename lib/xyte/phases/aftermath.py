"""At start: what became of the command, or the update, that the restart interrupted.

It comes before the network and TLS take their part of the heap, and each of its questions is a phase.
"""

from xyte import log, phase
from xyte.core import outcome
from xyte.errors import StoreError


def settle(state):
    """Brings state.journal from flash. Raises StoreError."""
    phase.call("xyte.services.journal", "recall", state)
    entry = state.journal[1]
    if entry and not entry["reported"] and entry["phase"] == outcome.STARTED and entry["boot"] != state.chip.session:
        _settle_command(state, entry)
    if state.chip.keys.get("update"):
        phase.call("xyte.phases.rollback", "resume", state)


def _settle_command(state, entry):
    """Give it its outcome, to be reported with the next look into the queue."""
    cause = state.chip.reset_cause()
    if entry["name"] == "reboot":
        ended = phase.call("xyte.handlers.reboot", "after_restart", cause)
    elif entry["name"] == state.settings.update_command:
        ended = phase.call("xyte.phases.rollback", "after_restart", state, entry["id"])
    else:
        ended = outcome.FAILED, "interrupted by a restart (%s); not run again" % cause
    if not ended:
        entry["boot"] = state.chip.session  # it goes on, as this run's
        return
    outcome.note(entry, ended[0], ended[1])
    try:
        phase.call("xyte.services.journal", "keep_outcome", state)
    except StoreError as e:  # the next start will come to the same outcome
        log.error("command", e)
