"""Files that are whole or absent: written beside, then renamed. LittleFS replaces in one step, at any power cut."""

import os

_FRESH = ".new"


def read(path):
    """The file's bytes, or None when it is absent or empty (a file just being created looks empty for a moment)."""
    try:
        with open(path, "rb") as f:
            return f.read(os.stat(path)[6]) or None  # in one piece: a certificate is long
    except OSError:
        return None


def write(path, data):
    """Replace the file by data (bytes). Raises OSError; the old content then still stands."""
    begin(path, data)
    os.rename(path + _FRESH, path)


def begin(path, data):
    """The first half of `write`: data is on flash, beside the old content. Raises OSError."""
    make_folder(path)
    with open(path + _FRESH, "wb") as f:
        f.write(data)


def begun(path):
    """What `begin`, or a `write` that did not come to its end, has left beside the file; or None."""
    return read(path + _FRESH)


def remove(path):
    """Absent is fine."""
    try:
        os.remove(path)
    except OSError:
        pass


def make_folder(path):
    """Make the folder that a file lies in, one level, when it is not there."""
    folder = path[: path.rfind("/")]
    if folder:
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there; if not, the write will say so
