"""Where an application goes: into the other slot's folder, file by file. The methods are those of sinks.py."""

import os

from xyte import phase
from xyte.core import tar
from xyte.services import files


class FolderSink:
    """Unpacks a canonical tar into a folder. size: of the tar. at: offset of a header, to go on from."""

    def __init__(self, folder, size, at, parked=None):
        self._folder = folder
        if parked:
            self._file, self._left, self._gap, self._zero_blocks, self._taken, self.safe = parked
            return
        phase.call("xyte.services.slot_folder", "prepare", folder, size, at)
        self._file = None
        self._left = self._gap = 0  # bytes of the file under way; of the padding behind it
        self._zero_blocks = 0
        self._taken = self.safe = at

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
            raise tar.refused("more after its end")
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

    def park(self):
        return self._file, self._left, self._gap, self._zero_blocks, self._taken, self.safe

    def abandon(self):
        """Leave nothing there: what has no room takes the room of the next try, too."""
        if self._file:
            self._file.close()
            self._file = None
        phase.call("xyte.services.slot_folder", "empty", self._folder)

    def finish(self):
        if self._file:
            self._file.close()
            self._file = None
        if self._zero_blocks != tar.END_BLOCKS:
            raise tar.refused("its end is missing")
        if "main.py" not in os.listdir(self._folder):
            raise tar.refused("no main.py in it")
