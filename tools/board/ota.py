"""What a running application does to the boot choice.

Behaviour of `components/app_update/esp_ota_ops.c` in ESP-IDF 5.5. There is deliberately no protection that
the real one lacks: a second `set_boot` overwrites the record that named the running slot.
"""

from __future__ import annotations

from tools import image
from tools.board import esp_err, layout, otadata
from tools.board.esp_err import EspError
from tools.board.flash import Flash
from tools.board.layout import Partition


class Ota:
    """Boot choice of one flash. partitions: its table."""

    def __init__(self, flash: Flash, partitions: tuple[Partition, ...]):
        self._flash = flash
        self._slots = [p for p in partitions if p.is_slot]
        self._address = layout.find(partitions, "otadata").address

    def set_boot(self, partition: Partition) -> None:
        """Verify the image in `partition`, then name it in the inactive record, state NEW.

        Raises EspError: OTA_VALIDATE_FAILED for a bad image, INVALID_ARG for no slot. Raises PowerCut.
        """
        try:
            image.parse(self._flash.read(partition.address, partition.size))
        except image.ImageError as error:
            raise EspError(esp_err.OTA_VALIDATE_FAILED) from error
        if not partition.is_slot:
            raise EspError(esp_err.INVALID_ARG)
        records = otadata.read(self._flash, self._address)
        active = otadata.active(records)
        wanted = self._slots.index(partition) + 1
        if active is None:
            index, sequence = 0, wanted
        else:
            index, sequence = 1 - active, self._next_sequence(records[active].sequence, wanted)
        record = otadata.Record(sequence, records[index].label, otadata.NEW, otadata.sequence_crc(sequence))
        otadata.write(self._flash, self._address, index, record)

    def _next_sequence(self, sequence: int, wanted: int) -> int:
        """The smallest number that is not below `sequence` and names slot `wanted` (from 1)."""
        count = len(self._slots)
        result = wanted % count
        while sequence > result:
            result += count
        return result

    def mark_valid(self) -> None:
        """Confirm the image that the active record names. Raises EspError(FAIL) if none does, PowerCut."""
        records = otadata.read(self._flash, self._address)
        active = otadata.active(records)
        if active is None:
            raise EspError(esp_err.FAIL)
        if records[active].state != otadata.VALID:
            otadata.write(self._flash, self._address, active,
                          otadata.with_state(records[active], otadata.VALID))

    def boot_partition(self) -> Partition:
        """The slot that otadata names now; the first one if it names none."""
        records = otadata.read(self._flash, self._address)
        active = otadata.active(records)
        if active is None:
            return self._slots[0]
        return self._slots[(records[active].sequence - 1) % len(self._slots)]
