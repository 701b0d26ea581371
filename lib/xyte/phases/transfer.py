"""The part of an update that writes: fetch, prove, switch. What is imported here stays meanwhile, so that is little."""

from micropython import const
from xyte import log, phase
from xyte.core import update_rules
from xyte.errors import CommandError

_BLOCK_BYTES = const(4096)


def carry_out(state, room):
    """Do what the update record says is next, up to the restart into the trial. Raises CommandError, StoreError.

    room: list of what keeps room for unpacking, see services/update_fetch.py. After a CommandError the record is gone.
    """
    now = phase.call("xyte.services.update_record", "read", state.chip.keys)
    # Before the code: later there may be no piece of heap as large as a flash sector, or as unpacking needs.
    buf = bytearray(_BLOCK_BYTES)
    try:
        if now["state"] == update_rules.FETCH:
            phase.call("xyte.services.update_signature", "check", state, now)
            progress = _tell if now["command"] is None else _report
            phase.call("xyte.services.update_fetch", "fetch", state, progress, buf, room)
        phase.call("xyte.services.update_switch", "prove", state, buf)
        phase.call("xyte.services.update_switch", "switch", state)
    except CommandError:
        phase.call("xyte.services.update_switch", "give_up", state)
        raise


def _report(state, message):
    """How far it is, to the operator. False: nobody wants it any more."""
    return phase.call("xyte.services.progress", "tell", state, message)


def _tell(state, message):
    """The same, of an update that nobody commanded."""
    log.info("update", message)
    return True
