"""Follows the cloud's queue of commands, one at a time: each is begun at most once, and reported as it really went.

Whatever it takes is a phase of its own: to ask the cloud, to judge, to write to flash.
"""

from micropython import const
from xyte import log, phase
from xyte.core import outcome

_MOST_AT_ONCE = const(8)


def next_command(state):
    """The next command to carry out, by phases/errand.py; None when there is none. The journal has it as started.

    But first what is owed is reported. Raises LinkError, RefusedError (the queue is looked at again later), StoreError
    (nothing was begun).
    """
    last = state.journal[1]
    if last and not last["reported"] and last["phase"] != outcome.STARTED:
        _report(state, last)
    for _ in range(_MOST_AT_ONCE):
        command = phase.call("xyte.services.calls", "command", state.cloud)
        if not command:
            if state.journal[1] and state.journal[1]["phase"] == outcome.STARTED:  # an update, interrupted
                _withdrawn(state, state.journal[1])
            break
        choice, entry = phase.call(
            "xyte.core.commands", "judge", command, state.journal[1], _known(state), state.chip.session
        )
        if choice == outcome.RUN:
            if _begin(state, entry):
                return command
            continue
        # The cloud has been told already and still shows it: once a cycle will do.
        if choice == outcome.REPORT:
            again = entry["reported"]
            _report(state, entry)
        else:
            again = state.refused == entry["id"]
            _refuse(state, entry)
        if again:
            break
    return None


def _known(state):
    """name -> parameters that it needs, of all commands that this device can carry out."""
    known = {}
    for name in state.commands:
        known[name] = state.commands[name][1]
    known["reboot"] = ()
    known[state.settings.update_command] = ("url",)
    return known


def _refuse(state, entry):
    """Nothing was done, so nothing needs to be on flash: should the report be lost, the same will be said again."""
    state.refused = entry["id"]
    log.warning("command", "%s: %s" % (entry["name"], entry["message"]))
    _tell(state, entry)


def _begin(state, entry):
    """First the journal, then the deed. False when the cloud no longer wants it."""
    if state.journal[1] != entry:
        phase.call("xyte.services.journal", "keep", state, entry)
    state.journal[1] = entry  # what happens to it from here on is known, even if flash should fail
    gone = _told(state, entry["id"], outcome.IN_PROGRESS, "")
    if gone:
        log.warning("command", "%s: withdrawn (%s)" % (entry["name"], gone))
        _withdrawn(state, entry)
        return False
    log.info("command", "running %s" % entry["name"])
    return True


def _withdrawn(state, entry):
    """The cloud no longer has it, so nobody is told."""
    entry["phase"], entry["message"], entry["reported"] = outcome.FAILED, "withdrawn", True
    phase.call("xyte.services.journal", "keep", state, entry)


def _report(state, entry):
    """Tell the outcome; it stays owed when that does not get through."""
    _tell(state, entry)
    if not entry["reported"]:
        entry["reported"] = True
        phase.call("xyte.services.journal", "keep", state, entry)


def _tell(state, entry):
    gone = _told(state, entry["id"], entry["phase"], entry["message"])
    if gone:
        log.warning("command", "%s: outcome no longer wanted (%s)" % (entry["name"], gone))


def _told(state, ident, status, message):
    return phase.call("xyte.services.calls", "update_command", state.cloud, ident, status, message)
