"""Carries out one command. Meanwhile no more than this is loaded: the room is for the application's handler."""

from xyte import phase
from xyte.core import outcome


def carry_out(state, command):
    """command: the one that the journal has as started. Its outcome, if it comes to one, is kept there.

    Raises StoreError.
    """

    def tell(text):
        return phase.call("xyte.services.progress", "tell", state, text)

    name, params, entry = command["name"], command["parameters"], state.journal[1]
    if name == state.settings.update_command:
        outcome.of(entry, phase.call, "xyte.phases.update", "update", state, params, entry["id"])
    elif name == "reboot":
        outcome.of(entry, phase.call, "xyte.handlers.reboot", "run", state.chip)
    else:
        outcome.of(entry, state.commands[name][0], params, tell)
    phase.call("xyte.services.journal", "keep_outcome", state)
