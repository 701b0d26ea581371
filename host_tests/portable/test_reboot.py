"""The command `reboot`: what is told about each way that the board came back."""

from fakes.chip import FakeChip
from xyte.core.outcome import DONE, FAILED
from xyte.errors import CommandError
from xyte.handlers import reboot


def test_every_cause_of_restart():
    for cause in ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "UNKNOWN_RESET"):
        assert reboot.after_restart(cause) == (DONE, "restarted (%s)" % cause)
    phase, message = reboot.after_restart("SOFT_RESET")
    assert phase == FAILED and "interpreter" in message, "the board itself did not restart"


def test_a_board_that_does_not_restart_says_so():
    chip = FakeChip("", None)
    chip.reset = lambda: None
    try:
        reboot.run(chip)
    except CommandError as e:
        assert "did not restart" in str(e) and chip.boots.count == 0
    else:
        raise AssertionError("told as done")
