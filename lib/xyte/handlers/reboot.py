"""The command `reboot`. The journal notes it, the board restarts, and the start after it reports what happened."""

from xyte import log
from xyte.core.outcome import DONE, FAILED
from xyte.errors import CommandError

_SOFT = "SOFT_RESET"  # Ctrl-D at a console: the interpreter started anew, the board did not


def run(chip):
    """A restart that is wanted does not count as a sign of trouble."""
    log.info("reboot", "restarting on command")
    chip.clear_boots()
    chip.reset()
    raise CommandError("the board did not restart")


def after_restart(cause):
    """(DONE or FAILED, message). cause: of the restart."""
    # One of these happened since the journal noted the reboot:
    #   1 the command's own reset                -> the board restarted: done
    #   2 a power cut or watchdog got there first -> the board restarted all the same: done
    #   3 only the interpreter was started again  -> it did not restart: failed
    if cause == _SOFT:
        return FAILED, "the board did not restart, its interpreter did"
    return DONE, "restarted (%s)" % cause
