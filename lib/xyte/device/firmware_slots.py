"""The app partitions as the two places that firmware runs from; ESP-IDF's bootloader does trial and rollback.

application_slots.py has the same for the application. Both have these, and an update loads only the ones of its kind:

    running, spare    names of the slot in use and of the other one
    chip              as update signatures name it
    mark()            a number to keep before the boot choice changes ...
    switched(mark)    ... by which it can be told after a restart whether it was changed
    settled()         raises CommandError while the running slot is on trial: the other one is the way back
    switch()          boot from the spare slot next time, on trial; exactly once
    confirm()         the running slot is good: stay
    forget()          a trial is over and was lost; nothing of it may look like part of the next
"""

import struct
from binascii import crc32

from esp32 import Partition

from micropython import const
from xyte.core import app_image
from xyte.errors import CommandError

_RECORD = "<I20sII"  # esp_ota_select_entry_t: sequence, label, state, CRC
_ERASED = 0xFFFFFFFF
_NEW, _PENDING = const(0), const(1)  # ESP_OTA_IMG_NEW: not started yet; PENDING_VERIFY: started, not confirmed
_LOST = (3, 4)  # ESP_OTA_IMG_INVALID, ABORTED


class FirmwareSlots:
    """Raises CommandError when this board has no second app partition."""

    def __init__(self):
        self._running = Partition(Partition.RUNNING)  # pyright: ignore[reportArgumentType] - the stubs take labels only
        self.running = self.spare = self._running.info()[4]
        try:
            self._spare = self._running.get_next_update()
            self.spare = self._spare.info()[4]
        except OSError:  # a layout with a factory partition only
            pass
        if self.spare == self.running:  # the search for the next one has come around to where it began
            raise CommandError("this board has no second app partition")
        self.size = self._spare.info()[3]
        self.chip = app_image.chip_of(self.head())

    def head(self):
        """The first bytes of the running image, to compare a new one with."""
        head = bytearray(app_image.HEAD_BYTES)
        self._running.readblocks(0, head, 0)
        return head

    def read(self, block, buf):
        """len(buf) bytes of the spare slot, from 4 KiB block `block` on."""
        self._spare.readblocks(block, buf, 0)

    def write(self, block, buf):
        """Erase and write one 4 KiB block of the spare slot."""
        self._spare.writeblocks(block, buf)

    def mark(self):
        return self._newest()[0]

    def _newest(self):
        """(sequence, state) of the newest whole otadata record, (0, None) when there is none."""
        newest = (0, None)
        for _, _, sequence, state in self._records():
            if newest[0] < sequence:
                newest = (sequence, state)
        return newest

    def _records(self):
        """(otadata partition, its block, sequence, state) of each whole record, two at most."""
        found = []
        for otadata in Partition.find(Partition.TYPE_DATA, label="otadata"):
            for block in (0, 1):
                buf = bytearray(32)
                otadata.readblocks(block, buf, 0)
                sequence, _, state, crc = struct.unpack(_RECORD, buf)
                # ESP-IDF's CRC of a sequence number: CRC-32, started from all ones, over its four bytes.
                if sequence != _ERASED and crc == crc32(buf[:4], _ERASED):
                    found.append((otadata, block, sequence, state))
        return found

    def switched(self, mark):
        return self.mark() > mark

    def settled(self):
        if self._newest()[1] == _PENDING:
            raise CommandError("the running firmware is on trial: the other slot is the way back")

    def switch(self):
        self.settled()
        # A second set_boot for the same slot would overwrite the record that names the running one
        # (ESP-IDF, esp_ota_ops.c): with a bad image, there would be no way back.
        if self._is_chosen():
            try:
                self._spare.set_boot()
            except OSError as e:
                raise CommandError("the bootloader does not accept the image: %r" % e)

    def _is_chosen(self):
        return Partition(Partition.BOOT).info()[4] == self.running  # pyright: ignore[reportArgumentType]

    def confirm(self):
        Partition.mark_app_valid_cancel_rollback()

    def forget(self):
        """Of a trial that was lost the bootloader leaves its record, ABORTED, and the next choice would get the same
        number. Of a slot that it could not start (an image gone bad) it leaves the choice: that slot's next image would
        have no trial.
        """
        for otadata, block, _, state in self._records():
            if state in _LOST:
                otadata.ioctl(6, block)  # erase
        if self._newest()[1] not in (None, _NEW, _PENDING) and not self._is_chosen():
            self._running.set_boot()
            self.confirm()
