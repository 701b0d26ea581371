"""Looks into the queue of commands, and reports how the last one ended."""

from xyte.services.calls import Calls
from xyte.services.executor import Executor
from xyte.services.journal import Journal


def next_command(state):
    """The next command to carry out, by phases/errand.py; None when there is none. The journal has it as started.

    Raises LinkError, RefusedError, SettingsError, StoreError.
    """
    known = {name: state.commands[name][1] for name in state.commands}
    known["reboot"] = ()
    known[state.settings.update_command] = ("url",)
    journal = Journal(state.chip.keys, state.journal)
    executor = Executor(Calls(state.cloud), journal, known, state.chip.session, state.refused)
    try:
        return executor.next()
    finally:
        state.refused = executor.refused
