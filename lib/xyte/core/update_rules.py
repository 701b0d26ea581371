"""Updates as rules: what a restart in the middle of one means. What a command must say is in update_wish.py.

States of the update record, in the order they are passed. Each is on flash before what it announces is done.

    FETCH    bytes are being written to the spare slot
    SWITCH   the slot has been read back and is right; the boot choice is about to change, once
    TRIAL    the new code runs and has not been confirmed
    (none)   confirmed, or given up: the outcome is in the command journal
    REFUSED  given up, and nobody commanded it: kept until the application knows
"""

from micropython import const

AT_KEY = "update.at"  # of NVS: so many bytes are safe
FETCH, SWITCH, TRIAL, REFUSED = "fetch", "switch", "trial", "refused"
FIRMWARE, APPLICATION = "firmware", "application"

GO_ON, SWITCH_NOW, ON_TRIAL, TRY_AGAIN, ROLLED_BACK = 1, 2, 3, 4, 5

POWER_LOSS = "PWRON_RESET"
_NO_VERDICT = (POWER_LOSS, "UNKNOWN_RESET")  # the second: a terminal that pulled RTS, on a chip with USB of its own
_MOST_TRIALS = const(3)  # one, and two more when it was the power that ended it
PIECE, PIECE_S = 65536, 60  # bytes of a download, and the seconds that they may take, in whatever answer
MOST_STARTS = 12  # of one download, restarts of the board included


def after_restart(record, cause, runs_target, switched):
    """What a start of the board makes of the update record that it finds.

    cause: of the restart. runs_target: is it the new code that runs? switched: did the boot choice reach flash?

    GO_ON        the download goes on where it was
    SWITCH_NOW   the slot is right, and the boot choice has not been changed yet
    ON_TRIAL     the new code runs: confirm it, or let it fall back
    TRY_AGAIN    the trial ended by a power loss, which says nothing about the new code
    ROLLED_BACK  the trial failed
    """
    if record["state"] == FETCH:
        return GO_ON
    if runs_target:
        return ON_TRIAL
    if record["trials"] < _MOST_TRIALS:
        if not switched:
            return SWITCH_NOW
        if cause in _NO_VERDICT and not record["message"]:
            return TRY_AGAIN
    return ROLLED_BACK
