"""Looks after the cloud's commands: those that wait in its queue, and the one that a restart interrupted."""

from xyte import phase
from xyte.core.commands import Row
from xyte.services.calls import Calls
from xyte.services.executor import Executor
from xyte.services.journal import Journal


def drain(state):
    """Carry out what is queued. Returns the parameters of an update that is to be carried out next, or None.

    Raises LinkError, RefusedError, SettingsError, StoreError.
    """
    executor = _executor(state, Journal(state.chip.keys, state.journal))
    try:
        return executor.drain()
    finally:
        state.refused = executor.refused


def resume(state):
    """At start: read the journal, and give a command that the restart interrupted its outcome. Raises StoreError."""
    journal = Journal(state.chip.keys, state.journal)
    journal.load()
    if journal.entry and not journal.entry["reported"]:
        _executor(state, journal).settle()


def _executor(state, journal):
    """The built-in commands are loaded when they are called, the update by phases/update.py: then there is room."""
    chip = state.chip
    rows = {name: Row(*state.commands[name]) for name in state.commands}
    rows["reboot"] = Row(
        lambda params, progress: phase.call("xyte.handlers.reboot", "run", chip),
        after_restart=lambda entry, cause: phase.call("xyte.handlers.reboot", "after_restart", cause),
    )
    rows[state.settings.update_command] = Row(
        None, ("url",), lambda entry, cause: phase.call("xyte.phases.rollback", "after_restart", state, entry["id"])
    )
    return Executor(Calls(state.cloud), journal, rows, chip, state.refused)
