"""Is this update welcome? Everything that can be known before its first byte."""

from xyte import VERSION, phase
from xyte.core import update_rules
from xyte.errors import CommandError, SettingsError
from xyte.services.update_record import UpdateRecord


def judge(state, params, wish):
    """What the board has to say. wish: see core/update_wish.py; it gets `slot`, where it goes.

    Returns a message when there is nothing to do. Raises CommandError, StoreError.
    """
    running = VERSION if wish["kind"] == update_rules.FIRMWARE else state.version
    if wish["version"] == running:
        return "already running %s" % running
    record = UpdateRecord(state.chip.keys)
    record.load()
    if record.now and record.now["state"] == update_rules.TRIAL:
        raise CommandError("%s is on trial" % record.now["version"])
    allowed = params.get("allow_downgrade") is True
    phase.call("xyte.core.update_wish", "refuse_version", wish["version"], running, allowed)
    if record.has_failed(wish["sha256"]) and params.get("retry") is not True:
        raise CommandError("this %s has failed here before; send retry to repeat" % wish["kind"])
    slots = state.chip.slots(wish["kind"])
    slots.settled()
    wish["slot"] = slots.spare
    return None


def ask_around(state, wish):
    """What settings and application have to say. Raises CommandError."""
    try:
        phase.call("xyte.core.url", "allowed", wish["url"], state.settings)
    except SettingsError as e:
        raise CommandError(str(e))
    for veto in state.before_update:
        reason = veto(wish["kind"], wish["version"])
        if reason:
            raise CommandError("not now: %s" % reason)


def begin(state, wish, command):
    """Begin the update's record, or go on with the one there is. command: id, or None.

    Raises StoreError, and CommandError when it was begun too often.
    """
    record = UpdateRecord(state.chip.keys)
    record.load()
    old = record.now
    if not old or old["sha256"] != wish["sha256"] or old["command"] != command:
        record.set_safe(0)
        record.save(
            state=update_rules.FETCH, command=command, offer=state.offer[:2] if command is None else None,
            etag="", packed=False, starts=1, trials=0, mark=0, message="", **wish
        )  # fmt: skip
    elif old["starts"] >= update_rules.MOST_STARTS:
        record.clear()
        raise CommandError("given up after %d starts" % old["starts"])
    else:
        record.save(starts=old["starts"] + 1, url=wish["url"])
