"""Is this update welcome, by what flash knows of it and of those before? And the beginning of its record."""

from xyte.core import update_rules
from xyte.errors import CommandError
from xyte.services.update_record import loaded


def judge(state, wish, is_retry):
    """What flash knows of it. wish: see core/update_wish.py. Raises CommandError, StoreError."""
    record = loaded(state)
    if record.now and record.now["state"] == update_rules.TRIAL:
        raise CommandError("%s is on trial" % record.now["version"])
    if record.has_failed(wish["sha256"]) and not is_retry:
        raise CommandError("this %s has failed here before; send retry to repeat" % wish["kind"])


def begin(state, wish, command):
    """Begin the update's record, or go on with the one there is. command: id, or None.

    Raises StoreError, and CommandError when it was begun too often.
    """
    record = loaded(state)
    old = record.now
    if not old or old["sha256"] != wish["sha256"] or old["command"] != command:
        record.set_safe(0)
        record.save(
            state=update_rules.FETCH, command=command, offer=state.offer[:2] if command is None else None,
            etag="", starts=1, trials=0, mark=0, message="", **wish
        )  # fmt: skip
    elif old["starts"] >= update_rules.MOST_STARTS:
        record.clear()
        raise CommandError("given up after %d starts" % old["starts"])
    else:
        record.save(starts=old["starts"] + 1, url=wish["url"])
