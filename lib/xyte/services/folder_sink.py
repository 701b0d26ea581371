"""Where an application goes: into the other slot's folder, file by file. The methods are those of sinks.py."""

import os
from hashlib import sha256

from xyte.core import tar
from xyte.errors import CommandError
from xyte.services import files


class FolderSink:
    """Unpacks a canonical tar into a folder. size: of the tar. at: offset of a header, to go on from."""

    def __init__(self, folder, size, at, buf):
        if size % tar.BLOCK:
            raise CommandError("not an application: %d bytes" % size)
        self._folder, self._buf = folder, buf
        self._file = None
        self._left = self._gap = 0  # bytes of the file under way; of the padding behind it
        self._zero_blocks = 0
        self._taken = self.safe = at
        if not at:
            remove_tree(folder)
        files.make_folder(folder + "/")
        space = os.statvfs(folder)
        if size - at > space[1] * space[3]:
            raise CommandError("the application is too large: %d bytes for %d" % (size, space[1] * space[3]))

    def take(self, buf, count):
        view, i = memoryview(buf), 0
        while i < count:
            if self._left:
                step = min(self._left, count - i)
                self._file.write(view[i : i + step])
                self._left -= step
            elif self._gap:
                step = min(self._gap, count - i)
                self._gap -= step
            else:
                step = tar.BLOCK
                self._header(view[i : i + step])
            i += step
            self._taken += step
            self._end_of_file()

    def _header(self, block):
        entry = tar.entry(block)
        if not entry:
            self._zero_blocks += 1
            return
        if self._zero_blocks:
            raise CommandError("not an application: more after its end")
        path, size = entry
        for i in range(len(path)):
            if path[i] == "/":
                files.make_folder(self._folder + "/" + path[: i + 1])
        self._file = open(self._folder + "/" + path, "wb")  # noqa: SIM115 - closed by _end_of_file
        self._left, self._gap = size, tar.padding(size)

    def _end_of_file(self):
        if self._file and not self._left:
            self._file.close()
            self._file = None
        if not self._left and not self._gap and not self._zero_blocks:
            self.safe = self._taken

    def finish(self):
        if self._file:
            self._file.close()
            self._file = None
        if self._zero_blocks != tar.END_BLOCKS:
            raise CommandError("not an application: its end is missing")
        if "main.py" not in os.listdir(self._folder):
            raise CommandError("not an application: no main.py in it")

    def digest(self, feed):
        """The tar is made again from the files, and hashed: what is not on flash, or too much there, shows."""
        digest, view = sha256(), memoryview(self._buf)
        for path in sorted(paths_in(self._folder)):
            size = os.stat(self._folder + "/" + path)[6]
            digest.update(tar.header(path, size))
            with open(self._folder + "/" + path, "rb") as f:
                count = f.readinto(self._buf)
                while count:
                    digest.update(view[:count])
                    feed()
                    count = f.readinto(self._buf)
            digest.update(bytes(tar.padding(size)))
        digest.update(bytes(tar.BLOCK * tar.END_BLOCKS))
        return digest.digest()


def paths_in(folder, prefix=""):
    """Paths of all files below a folder, relative to it."""
    found = []
    for name in os.listdir(folder):
        if os.stat(folder + "/" + name)[0] & 0x4000:
            found.extend(paths_in(folder + "/" + name, prefix + name + "/"))
        else:
            found.append(prefix + name)
    return found


def remove_tree(folder):
    """Everything in a folder; absent is fine."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            remove_tree(path)
            os.rmdir(path)
        else:
            os.remove(path)
