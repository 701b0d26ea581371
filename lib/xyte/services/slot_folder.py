"""The folder that an application goes into, as a whole: made ready for it, and read back."""

import os
from hashlib import sha256

from xyte.core import tar
from xyte.errors import CommandError
from xyte.services import files


def prepare(folder, size, at):
    """For a tar of `size` bytes, of which `at` are there already. Raises CommandError when it cannot go in there."""
    if size % tar.BLOCK:
        raise tar.refused("%d bytes" % size)
    if not at:
        empty(folder)
    files.make_folder(folder + "/")
    space = os.statvfs(folder)
    if size - at > space[1] * space[3]:
        raise CommandError("the application is too large: %d bytes for %d" % (size, space[1] * space[3]))


def digest(folder, buf, feed):
    """SHA-256 of the tar, made again from the files: what is not on flash, or too much there, shows."""
    made, view = sha256(), memoryview(buf)
    for path in sorted(_paths_in(folder)):
        size = os.stat(folder + "/" + path)[6]
        made.update(tar.header(path, size))
        with open(folder + "/" + path, "rb") as f:
            count = f.readinto(buf)
            while count:
                made.update(view[:count])
                feed()
                count = f.readinto(buf)
        made.update(bytes(tar.padding(size)))
    made.update(bytes(tar.BLOCK * tar.END_BLOCKS))
    return made.digest()


def _paths_in(folder, prefix=""):
    """Paths of all files below a folder, relative to it."""
    found = []
    for name in os.listdir(folder):
        if os.stat(folder + "/" + name)[0] & 0x4000:
            found.extend(_paths_in(folder + "/" + name, prefix + name + "/"))
        else:
            found.append(prefix + name)
    return found


def empty(folder):
    """Remove everything in a folder; absent is fine."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            empty(path)
            os.rmdir(path)
        else:
            os.remove(path)
