"""The boot choice of an update: is what lies in the spare slot right, then boot from it, once, on trial."""

from binascii import hexlify

from xyte import log
from xyte.core import update_rules
from xyte.errors import CommandError
from xyte.services import sinks
from xyte.services.update_record import UpdateRecord, loaded


def prove(state, buf):
    """What is read back from flash must be what was signed. buf: to work with, see sinks.py. Raises CommandError."""
    now = loaded(state).now
    found = hexlify(sinks.digest(state.chip, now, buf)).decode()
    if found != now["sha256"]:
        raise CommandError("what was written does not have the announced SHA-256 (%s...)" % found[:16])


def switch(state):
    """Change the boot choice and restart into the trial. Raises CommandError, StoreError."""
    record, chip = loaded(state), state.chip
    slots, trials = chip.slots(record.now["kind"]), record.now["trials"] + 1
    slots.settled()
    slots.forget()
    record.save(state=update_rules.SWITCH, mark=slots.mark(), trials=trials)
    chip.clear_boots()
    slots.switch()
    try:
        log.info("update", "restarting into %s for trial %d" % (record.now["slot"], trials))
    finally:  # whatever stops this line: told as a failure, the trial would come nevertheless
        chip.reset()
    raise CommandError("the board did not restart")


def give_up(state):
    """Nothing of this update is left to go on with."""
    UpdateRecord(state).clear()
