"""The command `update_firmware`: download, verify, try, and keep or go back. The work is done by phases of its own."""

from xyte import phase
from xyte.core.commands import Row
from xyte.core.outcome import DONE, FAILED


def row(state):
    """It is carried out in phases/update.py: with the executor's code gone there is room for the update's."""

    def after_restart(journal, cause):
        outcome = phase.call("xyte.phases.rollback", "after_restart", state, journal["id"])
        if outcome is None:
            return None  # not over: a trial is under way, or the download goes on
        good, message = outcome
        return (DONE if good else FAILED), message

    return Row(None, ("url",), after_restart)
