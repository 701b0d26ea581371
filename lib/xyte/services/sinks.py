"""Where an update goes: a partition or a folder. Both take whole buffers in order and can tell what lies on flash.

    take(buf, count)   the next bytes; count is less than the buffer only at the end
    safe               so many bytes are on flash for good: a download may go on from there
    digest(feed)       SHA-256 (32 bytes) of what is read back from flash, as the payload was signed
"""

import os
from hashlib import sha256

from micropython import const
from xyte.core import app_image, tar
from xyte.errors import CommandError
from xyte.services import files

_BLOCK = const(4096)


def of(chip, update, at, buf):
    """The sink for an update record, from byte `at` on. buf: 4 KiB to work with. Raises CommandError."""
    slots = chip.slots(update["kind"])
    if update["kind"] == "application":
        return FolderSink(chip.root + slots.spare, update["size"], at, buf)
    return PartitionSink(slots, update["size"], at, buf)


class PartitionSink:
    """slots: FirmwareSlots. size: of the image. at: multiple of 4 KiB to go on from. buf: 4 KiB to work with."""

    def __init__(self, slots, size, at, buf):
        if size > slots.size:
            raise CommandError("the image is too large: %d bytes for %d" % (size, slots.size))
        self._slots, self._size, self._buf = slots, size, buf
        self.safe = at

    def take(self, buf, count):
        if not self.safe:
            app_image.check(buf, self._slots.head())
        for i in range(count, _BLOCK):
            buf[i] = 0xFF
        self._slots.write(self.safe // _BLOCK, buf)  # erases just ahead: no long pause, and nothing more than needed
        self.safe += count

    def finish(self):
        pass

    def digest(self, feed):
        digest, view, left, block = sha256(), memoryview(self._buf), self._size, 0
        while left:
            self._slots.read(block, self._buf)
            count = min(left, _BLOCK)
            digest.update(view[:count])
            left, block = left - count, block + 1
            feed()
        return digest.digest()


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
