"""The two records that name the slot to boot, and how both bootloader and application read them.

Format: `esp_ota_select_entry_t` in `esp_flash_partitions.h`; choice: `bootloader_common.c` (ESP-IDF 5.5).
Each record sits at the start of its own sector of the `otadata` partition.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace

from tools.board.flash import SECTOR, Flash

NEW = 0  # chosen, never booted
PENDING_VERIFY = 1  # booted once, not confirmed
VALID = 2
INVALID = 3
ABORTED = 4  # was reset while PENDING_VERIFY
UNDEFINED = 0xFFFFFFFF
STATES = {NEW: "NEW", PENDING_VERIFY: "PENDING_VERIFY", VALID: "VALID", INVALID: "INVALID",
          ABORTED: "ABORTED", UNDEFINED: "UNDEFINED"}

_RECORD = struct.Struct("<I20sII")
ERASED_SEQUENCE = 0xFFFFFFFF


@dataclass(frozen=True)
class Record:
    """One record. `sequence` - 1, modulo the number of slots, is the slot; the CRC covers only it."""

    sequence: int
    label: bytes
    state: int
    crc: int

    @property
    def crc_ok(self) -> bool:
        return self.sequence != ERASED_SEQUENCE and self.crc == sequence_crc(self.sequence)

    @property
    def rejected(self) -> bool:
        """Nothing written, or the image was found bad. Says nothing about the CRC."""
        return self.sequence == ERASED_SEQUENCE or self.state in (INVALID, ABORTED)

    @property
    def bootable(self) -> bool:
        return not self.rejected and self.crc_ok


def sequence_crc(sequence: int) -> int:
    """ESP-IDF's CRC-32 of a sequence number."""
    return zlib.crc32(struct.pack("<I", sequence), 0xFFFFFFFF)


def fresh(sequence: int, state: int) -> Record:
    """A record as the bootloader writes it into erased otadata."""
    return Record(sequence, b"\xff" * 20, state, sequence_crc(sequence))


def read(flash: Flash, address: int) -> list[Record]:
    """Both records of the otadata partition at `address`."""
    return [Record(*_RECORD.unpack(flash.read(address + i * SECTOR, _RECORD.size))) for i in (0, 1)]


def write(flash: Flash, address: int, index: int, record: Record) -> None:
    """Erase the record's sector, then program it: two flash operations. Raises PowerCut."""
    flash.erase(address + index * SECTOR)
    flash.program(address + index * SECTOR,
                  _RECORD.pack(record.sequence, record.label, record.state, record.crc))


def active(records: list[Record]) -> int | None:
    """Index of the record that counts: the bootable one with the higher sequence, the first if equal."""
    usable = [i for i in (0, 1) if records[i].bootable]
    return max(usable, key=lambda i: records[i].sequence, default=None)


def with_state(record: Record, state: int) -> Record:
    """The same record in another state; the CRC does not cover the state."""
    return replace(record, state=state)
