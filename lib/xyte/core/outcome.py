"""How a command ends: done or failed, and in which words. entry: its record in the journal, see core/commands.py."""

from xyte.core.values import clip, words
from xyte.errors import CommandError

STARTED, DONE, FAILED = "started", "done", "failed"
IN_PROGRESS = "in_progress"  # what the cloud calls one that has started
MESSAGE_BYTES = 500
RUN, REPORT, REFUSE = 1, 2, 3  # what to do with a command


def note(entry, phase, message):
    """Give the entry its outcome."""
    entry["phase"], entry["message"] = phase, clip(message, MESSAGE_BYTES)


def of(entry, run, *args):
    """Run what the command is carried out by, and note how that went."""
    note(entry, FAILED, "not carried out to its end")  # ahead: what stops us from noting it must not run it again
    try:
        result = run(*args)
        note(entry, DONE, "" if result is None else str(result))
    except KeyboardInterrupt:
        note(entry, FAILED, "stopped from the console")
        raise
    except GeneratorExit:
        raise
    except BaseException as e:  # the user's code: whatever it raises is the command's failure, told to the operator
        note(entry, FAILED, reason(e))


def reason(error):
    """What an exception of the user's code comes to, in words for the operator."""
    text = words(error, MESSAGE_BYTES)
    return text if isinstance(error, CommandError) else "%s: %s" % (type(error).__name__, text)
