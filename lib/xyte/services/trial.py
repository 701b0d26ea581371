"""New code on trial: it is confirmed by a telemetry that the cloud has taken and by its own self-test, or it goes.

Falling back needs nothing but a restart: the bootloader (firmware) and boot.py (application) see to it.
"""

from xyte import VERSION, log
from xyte.core import outcome, update_rules
from xyte.errors import StoreError
from xyte.services import journal
from xyte.services.update_record import loaded

_WINDOW_S = 300


def begin(state, version):
    """From here on it has so much time to prove itself."""
    state.trial_ms = state.chip.clock.after_ms(_WINDOW_S * 1000)
    log.warning("update", "%s is on trial for %d s" % (version, _WINDOW_S))


def prove(state):
    """The cloud has taken a telemetry over a verified connection. If the application agrees: stay.

    Raises StoreError.
    """
    for test in state.self_tests:
        try:
            reason = None if test() is not False else "returned False"
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as e:  # the user's code: whatever it raises is the verdict
            reason = outcome.reason(e)
        if reason:
            return fail(state, "self-test %s" % reason)
    update = loaded(state)
    state.chip.slots(update.now["kind"]).confirm()
    state.trial_ms = None
    version, entry = update.now["version"], state.journal[1]
    running = VERSION if update.now["kind"] == update_rules.FIRMWARE else state.version
    if update.now["command"] is None and version != running:  # it would be offered, and taken, again and again
        log.warning("update", "it calls itself %s, not %s" % (running, version))
        update.remember_failure()
    if entry and entry["id"] == update.now["command"] and not entry["reported"]:
        outcome.note(entry, outcome.DONE, "running %s" % version)
        journal.keep(state, entry)
    update.clear()
    log.info("update", "%s is confirmed" % version)


def unsettled(state):
    """Nothing begins without good settings. If new code does not understand them, what comes next is the old code."""
    now = loaded(state).now
    if now and now["state"] != update_rules.FETCH and now["slot"] == state.chip.slots(now["kind"]).running:
        fail(state, "it does not take the settings")


def fail(state, reason="no telemetry was accepted within %d s" % _WINDOW_S):
    """It has not proven itself: restart into the old code."""
    log.error("update", reason)
    try:
        loaded(state).save(message=reason)
    except StoreError as e:
        log.error("update", e)
    state.chip.clear_boots()
    state.chip.reset()
