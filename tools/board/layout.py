"""The partition table: ESP-IDF's binary format, and the 4 MiB layout with two application slots.

Format: `esp_flash_partitions.h` (ESP-IDF 5.5); layout: MicroPython's `ports/esp32/partitions-4MiB-ota.csv`.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

TABLE_ADDRESS = 0x8000
TABLE_SIZE = 0xC00

TYPE_APP = 0
TYPE_DATA = 1
SUBTYPE_OTA_0 = 0x10
SUBTYPE_OTADATA = 0x00

_ENTRY = struct.Struct("<HBBII16sI")
_MAGIC = 0x50AA
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14


@dataclass(frozen=True)
class Partition:
    """One row of the table; address and size in bytes."""

    label: str
    type: int
    subtype: int
    address: int
    size: int

    @property
    def is_slot(self) -> bool:
        """Is it an application slot that updates alternate between?"""
        return self.type == TYPE_APP and self.subtype & ~0x0F == SUBTYPE_OTA_0


LAYOUT_4MIB_OTA = (
    Partition("nvs", TYPE_DATA, 0x02, 0x9000, 0x4000),
    Partition("otadata", TYPE_DATA, SUBTYPE_OTADATA, 0xD000, 0x2000),
    Partition("phy_init", TYPE_DATA, 0x01, 0xF000, 0x1000),
    Partition("ota_0", TYPE_APP, SUBTYPE_OTA_0, 0x10000, 0x180000),
    Partition("ota_1", TYPE_APP, SUBTYPE_OTA_0 + 1, 0x190000, 0x180000),
    Partition("vfs", TYPE_DATA, 0x81, 0x310000, 0xF0000),
)


class LayoutError(ValueError):
    """There is no valid partition table at 0x8000: the chip cannot boot."""


def pack(partitions: tuple[Partition, ...]) -> bytes:
    """The table as it lies on flash: rows, then their MD5."""
    rows = b"".join(
        _ENTRY.pack(_MAGIC, p.type, p.subtype, p.address, p.size, p.label.encode(), 0) for p in partitions
    )
    return rows + _MD5_MAGIC + hashlib.md5(rows).digest()


def unpack(table: bytes) -> tuple[Partition, ...]:
    """Read the rows up to the MD5 or the first erased one. Raises LayoutError."""
    partitions: list[Partition] = []
    for at in range(0, len(table), _ENTRY.size):
        row = table[at : at + _ENTRY.size]
        if row.startswith(_MD5_MAGIC):
            if row[16:] != hashlib.md5(table[:at]).digest():
                raise LayoutError("the partition table's MD5 does not match")
            break
        magic, kind, subtype, address, size, label, _ = _ENTRY.unpack(row)
        if magic != _MAGIC:
            break
        partitions.append(Partition(label.split(b"\0")[0].decode(), kind, subtype, address, size))
    if not partitions:
        raise LayoutError("no partition table at 0x8000")
    return tuple(partitions)


def find(partitions: tuple[Partition, ...], label: str) -> Partition:
    """The partition with this label. Raises LayoutError."""
    for partition in partitions:
        if partition.label == label:
            return partition
    raise LayoutError(f"no partition {label!r}")
