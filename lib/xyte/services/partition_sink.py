"""Where a firmware image goes: into the other app partition. The methods are those of sinks.py."""

from hashlib import sha256

from micropython import const
from xyte.core import app_image
from xyte.errors import CommandError

_BLOCK = const(4096)


class PartitionSink:
    """slots: FirmwareSlots. size: of the image. at: multiple of 4 KiB to go on from. It takes 4 KiB at a time."""

    def __init__(self, slots, size, at, parked=None):
        if size > slots.size:
            raise CommandError("the image is too large: %d bytes for %d" % (size, slots.size))
        self._slots = slots
        self.safe = parked[1] if parked else at

    def take(self, buf, count):
        if not self.safe:
            app_image.check(buf, self._slots.head())
        for i in range(count, _BLOCK):
            buf[i] = 0xFF
        self._slots.write(self.safe // _BLOCK, buf)  # erases just ahead: no long pause, and nothing more than needed
        self.safe += count

    def abandon(self):
        pass

    def finish(self):
        pass

    def park(self):
        return None, self.safe


def digest(slots, size, buf, feed):
    """SHA-256 of the first `size` bytes of the spare slot."""
    made, view, left, block = sha256(), memoryview(buf), size, 0
    while left:
        slots.read(block, buf)
        count = min(left, _BLOCK)
        made.update(view[:count])
        left, block = left - count, block + 1
        feed()
    return made.digest()
