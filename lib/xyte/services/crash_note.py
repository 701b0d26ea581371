"""The last failure that ended in a reset, kept on flash until the cloud has heard of it."""

from xyte import log
from xyte.core.values import clip
from xyte.services import files

_PATH = "/crash.txt"
_LAST_CHARS = 990


class CrashNote:
    """root: folder in front of the file's path, "" on a board. text: the note found at start, or ""."""

    def __init__(self, root=""):
        self._path = root + _PATH
        self.text = ""

    def load(self):
        found = files.read(self._path)
        if found:
            try:
                self.text = clip(found.decode())
            except (UnicodeError, ValueError):
                self.text = "unreadable crash note"
            log.warning("crash", "before this start: " + self.text)

    def save(self, text):
        """Keep text for the next start. The same note again costs no flash write: crash loops wear it out."""
        data = clip(text[-_LAST_CHARS:]).encode()  # the end of a traceback says what it was
        try:
            if files.read(self._path) != data:
                files.write(self._path, data)
        except OSError as e:
            log.error("crash", "note not kept: %r" % e)

    def reported(self):
        """The cloud knows: forget it."""
        if self.text:
            self.text = ""
            files.remove(self._path)
