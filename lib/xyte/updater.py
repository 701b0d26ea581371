"""Fetches an update, alone: without the application, from a heap that nothing has used yet.

boot.py comes here once, in place of the application, when NVS has "updating"; whatever happens here, the application
comes next, the new one on trial or the old one. So no application can starve an update of memory, hang it or be changed
under its own feet, and one that has to go on from where it was does so by the rules in phases/rollback.py.
"""

from micropython import const
from xyte import VERSION, log, phase
from xyte.device.chip import Chip
from xyte.errors import CommandError
from xyte.services.cloud import Cloud
from xyte.services.http import Session
from xyte.state import State

_BODY_BYTES = const(512)  # reports of progress
_NO_LINK_S = const(120)  # then the application has its turn again; the command goes on when there is a network
_PAUSE_MS = const(250)


def run():
    """Does not return, but for Ctrl-C at the console."""
    chip = Chip()
    log.configure(log.INFO, chip.clock.ticks_ms)
    state = State(chip, Session(chip.connect, chip.clock, chip.feed, _BODY_BYTES), VERSION)
    try:
        phase.call("xyte.phases.start", "begin", state)
        state.settings.setup_password = ""  # pyright: ignore[reportAttributeAccessIssue] - no set-up page, not here
        chip.start(state.settings, VERSION)
        state.cloud = Cloud(state.http, state.settings)  # pyright: ignore[reportAttributeAccessIssue]
        if _linked(chip):
            phase.call("xyte.services.timekeeper", "ask", state)
            _update(state)
        chip.clear_boots()
    except KeyboardInterrupt:
        chip.release_watchdog()
        raise
    except Exception as e:  # whatever it is: the application comes next, and tells of it
        try:
            phase.call("xyte.services.crash_note", "keep", chip, "update", e)
        except MemoryError:  # no room to tell of it
            pass
    chip.reset()


def _update(state):
    wanted = phase.call("xyte.phases.alone", "begin", state)
    if wanted:
        try:
            phase.call("xyte.phases.transfer", "carry_out", state)
        except CommandError as e:
            phase.call("xyte.phases.alone", "note_refusal", state, wanted[0], wanted[1], str(e))


def _linked(chip):
    until = chip.clock.after_ms(_NO_LINK_S * 1000)
    while not chip.link.step():
        if chip.clock.left_ms(until) <= 0:
            log.warning("update", "no network for %d s: later" % _NO_LINK_S)
            return False
        chip.pause(_PAUSE_MS)
    return True
