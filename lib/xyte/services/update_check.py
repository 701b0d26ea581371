"""Is this update welcome? Everything that can be known before its first byte."""

from hashlib import sha256

from xyte import VERSION
from xyte.core import signature, update_rules, update_wish, url
from xyte.errors import CommandError, SettingsError
from xyte.services.update_record import UpdateRecord


def check(state, params, command):
    """Judge the update that these parameters ask for, and begin its record, or go on with the one there is.

    command: id of the one that asks, or None. Returns a message when there is nothing to do. Raises CommandError,
    StoreError.
    """
    update = update_wish.wanted(params)
    running = VERSION if update["kind"] == update_rules.FIRMWARE else state.version
    if update["version"] == running:
        return "already running %s" % running
    record = UpdateRecord(state.chip.keys)
    record.load()
    old = record.now
    if old and old["state"] == update_rules.TRIAL:
        raise CommandError("%s is on trial" % old["version"])
    update_wish.refuse_version(update["version"], running, params.get("allow_downgrade") is True)
    if record.has_failed(update["sha256"]) and params.get("retry") is not True:
        raise CommandError("this %s has failed here before; send retry to repeat" % update["kind"])
    slots = state.chip.slots(update["kind"])
    slots.settled()
    _check_signature(state, update, slots.chip)
    _ask_around(state, update)
    if not old or old["sha256"] != update["sha256"] or old["command"] != command:
        _begin(record, update, slots.spare, command)
    elif old["starts"] >= update_rules.MOST_STARTS:
        record.clear()
        raise CommandError("given up after %d starts" % old["starts"])
    else:
        record.save(starts=old["starts"] + 1, url=update["url"])
    return None


def _ask_around(state, update):
    """The settings and the application may have something against it."""
    try:
        url.allowed(update["url"], state.settings)
    except SettingsError as e:
        raise CommandError(str(e))
    for veto in state.before_update:
        reason = veto(update["kind"], update["version"])
        if reason:
            raise CommandError("not now: %s" % reason)


def _check_signature(state, update, chip):
    """As soon as one key is on the board, every update must be signed by the owner of one."""
    if not state.settings.update_keys:
        return
    if not update["signature"]:
        raise CommandError("the file is not signed")
    wanted, known = sha256(update_wish.signed_text(update, chip).encode()).digest(), False
    for path in state.settings.update_keys:
        state.chip.feed()
        try:
            with open(path) as f:
                digest = signature.opened(update["signature"], signature.modulus(f.read()))
        except ValueError:
            raise CommandError("the signature is damaged: it is not 512 characters of base64")
        if digest == wanted:
            return
        known = known or digest is not None
    if known:
        raise CommandError("the signature is for another file, version or chip than %s" % chip)
    raise CommandError("the signature is not by the owner of any key on this device")


def _begin(record, update, slot, command):
    record.set_safe(0)
    del update["signature"]  # it has done its work, and flash has no room for it
    record.save(
        state=update_rules.FETCH, command=command, slot=slot,
        etag="", packed=False, starts=1, trials=0, mark=0, message="", **update
    )
