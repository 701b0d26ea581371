"""The last failure that ended in a reset, kept on flash until the cloud has heard of it."""

from xyte import log
from xyte.core.values import clip
from xyte.services import files

_PATH = "/crash.txt"
_LAST_CHARS = 400  # it has to fit into a telemetry, beside everything else


def load(root):
    """The note that was found, or "". root: folder in front of the file's path, "" on a board."""
    found = files.read(root + _PATH)
    if not found:
        return ""
    try:
        text = clip(found.decode()[-_LAST_CHARS:])  # an earlier version kept more
    except (UnicodeError, ValueError):
        text = "unreadable crash note"
    log.warning("crash", "before this start: " + text)
    return text


def keep(chip, area, error):
    """Log an exception, and keep its end for the next start: that says what it was.

    The same note again costs no flash write: crash loops wear it out.
    """
    text = chip.traceback(error)
    log.error(area, text)
    data = clip(log.masked(text)[-_LAST_CHARS:]).encode()  # it goes to the cloud
    try:
        if files.read(chip.root + _PATH) != data:
            files.write(chip.root + _PATH, data)
    except OSError as e:
        log.error("crash", "note not kept: %r" % e)


def forget(root):
    """The cloud knows."""
    files.remove(root + _PATH)
