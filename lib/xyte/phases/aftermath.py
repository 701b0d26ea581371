"""At start: what became of the command that the restart interrupted."""

from xyte import log, phase
from xyte.core import outcome
from xyte.errors import StoreError
from xyte.services.journal import Journal


def settle(state):
    """Give it its outcome, to be reported with the next look into the queue. Raises StoreError."""
    entry, chip = state.journal[1], state.chip
    if entry["phase"] != outcome.STARTED or entry["boot"] == chip.session:
        return
    cause = chip.reset_cause()
    if entry["name"] == "reboot":
        ended = phase.call("xyte.handlers.reboot", "after_restart", cause)
    elif entry["name"] == state.settings.update_command:
        ended = phase.call("xyte.phases.rollback", "after_restart", state, entry["id"])
    else:
        ended = outcome.FAILED, "interrupted by a restart (%s); not run again" % cause
    if not ended:
        entry["boot"] = chip.session  # it goes on, as this run's
        return
    outcome.note(entry, ended[0], ended[1])
    try:
        Journal(chip.keys, state.journal).save(entry)
    except StoreError as e:  # the next start will come to the same outcome
        log.error("command", e)
    log.info("command", "%s from before the restart: %s" % (entry["name"], entry["phase"]))
