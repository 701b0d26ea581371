"""An update, from the command to the restart into the trial, as a row of phases: check, fetch, switch.

The update record (see services/update_record.py) is what they have in common, so a restart between any two of them, or
within, goes on where it was.
"""

from micropython import const
from xyte import phase
from xyte.errors import CommandError
from xyte.services import deed
from xyte.services.calls import Calls
from xyte.services.journal import Journal
from xyte.services.update_record import UpdateRecord

_BLOCK_BYTES = const(4096)


def command(state, params):
    """Carry out the update command that the journal has as started. The outcome, if it comes to one, is kept there.

    params: of the command. Raises StoreError.
    """
    journal = Journal(state.chip.keys, state.journal)
    deed.carry_out(lambda params, progress: update(state, params, progress), params, journal, Calls(state.cloud),
                   state.chip.feed)


def update(state, params, progress):
    """Returns a message when there is nothing to do; otherwise ends in a restart. Raises CommandError, StoreError.

    progress: as a command's handler has it, see services/deed.py; its command is None when nobody commanded it.
    """
    settled = phase.call("xyte.services.update_check", "check", state, params, progress.command)
    if settled:
        return settled
    buf = bytearray(_BLOCK_BYTES)  # before the code: later there may be no piece of heap as large as a flash sector
    try:
        phase.call("xyte.services.update_fetch", "fetch", state, progress, buf)
        phase.call("xyte.services.update_switch", "prove", state, buf)
        phase.call("xyte.services.update_switch", "switch", state)
    except CommandError:
        UpdateRecord(state.chip.keys).clear()
        raise
