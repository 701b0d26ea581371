"""An update, from the command to the restart into the trial: judged, then fetched, proven and switched to.

The update record (see services/update_record.py) is what the steps have in common, so a restart between any two of
them, or within, goes on where it was. All but the judging is done alone, see updater.py, where boot.py can bring up the
network by itself; beside the application where only that knows how to (`Agent(link=...)`).
"""

from xyte import VERSION, log, phase
from xyte.core import outcome
from xyte.errors import CommandError, SettingsError


def update(state, params, command):
    """Returns a message when there is nothing to do; otherwise ends in a restart. Raises CommandError, StoreError.

    params: of the command; emptied once they are in the record. command: its id; None when nobody commanded it.
    """
    wish = phase.call("xyte.core.update_wish", "wanted", params, VERSION, state.version)
    if isinstance(wish, str):
        return wish
    is_retry = params.get("retry") is True
    params.clear()  # the rest is in the wish, and a signature is long
    phase.call("xyte.services.update_check", "judge", state, wish, is_retry)
    wish["slot"] = phase.call("xyte.services.sinks", "spare", state.chip, wish["kind"])
    _ask_around(state, wish)
    if state.settings.update_keys:
        phase.call("xyte.services.update_signature", "keep", state.chip.root, wish["signature"])
    del wish["signature"]
    phase.call("xyte.services.update_check", "begin", state, wish, command)
    if state.alone:
        _restart(state.chip)
    else:
        phase.call("xyte.phases.transfer", "carry_out", state)


def _ask_around(state, wish):
    """What settings and application have to say. Raises CommandError."""
    try:
        phase.call("xyte.core.url", "allowed", wish["url"], state.settings)
    except SettingsError as e:
        raise CommandError(str(e))
    for veto in state.before_update:
        try:
            reason = veto(wish["kind"], wish["version"])
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as e:  # the user's code: whatever it raises refuses
            raise CommandError(outcome.reason(e))
        if reason:
            raise CommandError("not now: %s" % reason)


def _restart(chip):
    chip.clear_boots()
    chip.keys.set_int("updating", 1 + chip.slots("application").number)
    try:
        log.info("update", "restarting to fetch it")
    finally:  # whatever stops this line: the updater would come all the same
        chip.reset()
    raise CommandError("the board did not restart")
