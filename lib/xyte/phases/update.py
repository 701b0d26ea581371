"""An update, from the command to the restart into the trial, as a row of phases: check, fetch, prove, switch.

The update record (see services/update_record.py) is what they have in common, so a restart between any two of them, or
within, goes on where it was. What is imported here stays meanwhile, so that is little.
"""

from micropython import const
from xyte import phase
from xyte.core import outcome
from xyte.errors import CommandError

_BLOCK_BYTES = const(4096)
_UNPACKING_BYTES = const(8192)  # a window of 4096, the state of zlib's code 1300, two buffers of 1024


def command(state, params):
    """Carry out the update command that the journal has as started. The outcome, if it comes to one, is kept there.

    params: of the command. Raises StoreError.
    """
    outcome.of(state.journal[1], update, state, params, Progress(state))
    phase.call("xyte.services.journal", "keep_outcome", state)


def update(state, params, progress):
    """Returns a message when there is nothing to do; otherwise ends in a restart. Raises CommandError, StoreError.

    params: of the command; emptied once they are in the record.
    progress: as a command's handler has it, see services/progress.py; its command is None when nobody commanded it.
    """
    settled = phase.call("xyte.services.update_check", "check", state, params, progress.command)
    if settled:
        return settled
    params.clear()  # the record has it all, and a signature is long
    # Before the code: later there may be no piece of heap as large as a flash sector, or as unpacking needs.
    buf, room = bytearray(_BLOCK_BYTES), [bytearray(_UNPACKING_BYTES)]
    try:
        phase.call("xyte.services.update_fetch", "fetch", state, progress, buf, room)
        phase.call("xyte.services.update_switch", "prove", state, buf)
        phase.call("xyte.services.update_switch", "switch", state)
    except CommandError:
        phase.call("xyte.services.update_switch", "give_up", state)
        raise


class Progress:
    """As services/progress.py has it, which is loaded for the time that it speaks."""

    def __init__(self, state):
        self._state, self.command = state, state.journal[1]["id"]

    def __call__(self, message):
        return phase.call("xyte.services.progress", "tell", self._state, message)
