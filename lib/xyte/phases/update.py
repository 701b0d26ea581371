"""An update, from the command to the restart into the trial: judged, then fetched, proven and switched to.

The update record (see services/update_record.py) is what the steps have in common, so a restart between any two of
them, or within, goes on where it was. All but the judging is done alone, see updater.py, where boot.py can bring up the
network by itself; beside the application where only that knows how to (`Agent(link=...)`).
"""

from micropython import const
from xyte import log, phase
from xyte.errors import CommandError

_UNPACKING_BYTES = const(8192)  # a window of 4096, the state of zlib's code 1300, two buffers of 1024


def update(state, params, command):
    """Returns a message when there is nothing to do; otherwise ends in a restart. Raises CommandError, StoreError.

    params: of the command; emptied once they are in the record. command: its id; None when nobody commanded it.
    """
    wish = phase.call("xyte.core.update_wish", "wanted", params)
    settled = phase.call("xyte.services.update_check", "judge", state, params, wish)
    if settled:
        return settled
    params.clear()  # the rest is in the wish, and a signature is long
    phase.call("xyte.services.update_check", "ask_around", state, wish)
    if state.settings.update_keys:
        phase.call("xyte.services.update_signature", "keep", state.chip.root, wish["signature"])
    del wish["signature"]
    phase.call("xyte.services.update_check", "begin", state, wish, command)
    if state.alone:
        _restart(state.chip)
    else:
        room = [bytearray(_UNPACKING_BYTES)]  # now: later the heap may have no piece as large
        phase.call("xyte.phases.transfer", "carry_out", state, room)


def _restart(chip):
    chip.clear_boots()
    chip.keys.set_int("updating", 1 + chip.slots("application").number)
    try:
        log.info("update", "restarting to fetch it")
    finally:  # whatever stops this line: the updater would come all the same
        chip.reset()
    raise CommandError("the board did not restart")
