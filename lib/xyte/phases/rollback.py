"""At start: what has become of the update that the restart interrupted, or was meant for."""

from xyte import VERSION, log, phase
from xyte.core import update_rules
from xyte.core.outcome import FAILED
from xyte.core.values import clip
from xyte.errors import CommandError, StoreError
from xyte.services.update_record import loaded


def after_restart(state, command):
    """command: id of the one that asked for the update, None for an update that nobody commanded.

    Returns (FAILED, message) when it is over, None when it goes on: by a trial under way or by the command again.
    """
    record, cause = loaded(state), state.chip.reset_cause()
    now = record.now
    if not now or now["command"] != command:
        if cause == update_rules.POWER_LOSS:
            return None  # it had not begun, and nothing is wrong with it: it begins now
        return FAILED, "interrupted by a restart (%s) before it began" % cause
    try:
        slots = state.chip.slots(now["kind"])
    except CommandError as e:  # flashed anew since, with another layout
        record.clear()
        return FAILED, str(e)
    switched = now["state"] == update_rules.TRIAL or slots.switched(now["mark"])
    choice = update_rules.after_restart(now, cause, slots.running == now["slot"], switched)
    if choice == update_rules.ROLLED_BACK:
        reason = now["message"] or state.crash or "restarted before it was confirmed (%s)" % cause
        record.remember_failure()
        record.clear()
        slots.forget()
        old = VERSION if now["kind"] == update_rules.FIRMWARE else state.version
        return FAILED, "%s failed its trial, %s runs again: %s" % (now["version"], old, reason)
    if choice in (update_rules.SWITCH_NOW, update_rules.TRY_AGAIN):
        return _switch_again(state, record)
    if choice == update_rules.ON_TRIAL and now["state"] != update_rules.TRIAL:
        record.save(state=update_rules.TRIAL)
    return None


def _switch_again(state, record):
    """The power went just before or during the trial: if the slot still holds what was signed, into it (again)."""
    try:
        phase.call("xyte.phases.transfer", "carry_out", state)
    except (CommandError, StoreError) as e:
        record.clear()
        return FAILED, str(e)


def resume(state):
    """An update that nobody commanded has no command to settle it; and the window of a trial opens."""
    record = loaded(state)
    if record.now and record.now["state"] == update_rules.REFUSED:
        file, failures = record.now["offer"]
        phase.call("xyte.phases.offer", "refused", state, file, failures, record.now["message"])
        record.clear()
    elif record.now and record.now["command"] is None:
        outcome = after_restart(state, None)
        if outcome:
            log.warning("update", outcome[1])
            state.last_update = clip(outcome[1])
        record.load()
    if record.now and record.now["state"] == update_rules.TRIAL:
        phase.call("xyte.services.trial", "begin", state, record.now["version"])
