"""MicroPython's combined `.bin`: bootloader, partition table and application, with the gaps between them filled.

Written as it is, it would fill the gaps on flash too, and NVS and the boot choice lie in one of them. So it is taken
apart, checked piece by piece with esptool's own reader, and written in pieces. Layout: MicroPython's
`ports/esp32/makeimg.py`; where the bootloader goes depends on the chip (ESP-IDF, CONFIG_BOOTLOADER_OFFSET_IN_FLASH).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from esptool import FatalError
from esptool.bin_image import LoadFirmwareImage

from tools.board import layout
from tools.board.layout import Partition
from tools.image import MAGIC
from tools.update.describe import CHIPS

_BOOTLOADER_AT = {"esp32": 0x1000, "esp32s2": 0x1000, "esp32p4": 0x2000, "esp32c5": 0x2000}  # else 0
_SECTOR = 4096


class CombinedError(ValueError):
    """The file is no combined image for a board of ours; the text says what it is, or what is missing."""


@dataclass(frozen=True)
class Part:
    """Bytes for an address on flash."""

    name: str
    address: int
    data: bytes

    def __str__(self) -> str:
        return f"{self.address:#9x}  {len(self.data):8} bytes  {self.name}"


@dataclass(frozen=True)
class Combined:
    """A checked image. parts: in the order in which they are written; partitions: of its table."""

    chip: str
    parts: tuple[Part, ...]
    partitions: tuple[Partition, ...]

    @property
    def end(self) -> int:
        """Bytes of flash that its table speaks of."""
        return max(p.address + p.size for p in self.partitions)


def parse(data: bytes) -> Combined:
    """Take a combined image apart. Raises CombinedError."""
    if len(data) < 0x10000 or data[0] != MAGIC:
        raise CombinedError(_what_else(data))
    chip = CHIPS.get(struct.unpack_from("<H", data, 12)[0], "")
    start = _BOOTLOADER_AT.get(chip, 0)
    table = data[layout.TABLE_ADDRESS - start :][: layout.TABLE_SIZE]
    try:
        partitions = layout.unpack(table)
    except (layout.LayoutError, struct.error, UnicodeDecodeError) as error:
        raise CombinedError(f"{error}: this is not MicroPython's combined .bin (an .app-bin is for updates)") from None
    first = _first_slot(partitions, chip)
    bootloader = _image("bootloader", data[: layout.TABLE_ADDRESS - start], chip)
    application = _image("application", data[first.address - start :], chip)
    if len(application) > first.size:
        raise CombinedError(f"the application has {len(application)} bytes, {first.label} takes {first.size}")
    otadata = layout.find(partitions, "otadata")
    parts = (Part("bootloader", start, bootloader),
             Part("partition table", layout.TABLE_ADDRESS, table.ljust(_SECTOR, b"\xff")),
             Part(f"boot choice: {first.label}", otadata.address, b"\xff" * otadata.size),
             Part(f"application, into {first.label}", first.address, application))
    return Combined(chip, parts, partitions)


def _first_slot(partitions: tuple[Partition, ...], chip: str) -> Partition:
    """Where the application goes. Raises CombinedError when the table is not one for updates."""
    slots = [p for p in partitions if p.is_slot]
    labels = {p.label for p in partitions}
    if len(slots) < 2 or not {"otadata", "nvs"} <= labels:
        what = ("take the download whose name has OTA in it (ESP32_GENERIC-OTA-….bin)" if chip == "esp32" else
                "MicroPython offers no such download for this chip: build one, see firmware/README.md")
        raise CombinedError(f"its partition table has one place for an application ({', '.join(sorted(labels))}), so "
                            f"firmware could not be updated: {what}")
    return slots[0]


def _image(name: str, data: bytes, chip: str) -> bytes:
    """The image at the start of `data`, without what follows it. Raises CombinedError when it is damaged."""
    try:
        image = LoadFirmwareImage(chip, data)
        good = image.checksum == image.calculate_checksum()
        good = good and (not image.append_digest or image.stored_digest == image.calc_digest)
        size = image.data_length + (32 if image.append_digest else 0)
    except (FatalError, struct.error, LookupError, TypeError, ValueError, RuntimeError) as error:  # esptool, cut short
        raise CombinedError(f"{name}: {error}") from None
    if not good:
        raise CombinedError(f"{name}: damaged, its checksum is wrong; download the file again")
    return data[:size]


def moved(before: bytes, after: Combined) -> list[str]:
    """What lies elsewhere than the table on the chip says: "NVS", "file system". before: that table, or anything."""
    try:
        old = layout.unpack(before)
    except (layout.LayoutError, UnicodeDecodeError):
        return []
    pairs = {"NVS": (_place(old, "nvs"), _place(after.partitions, "nvs")),
             "file system": (_files_at(old), _files_at(after.partitions))}
    return [name for name, (there, here) in pairs.items() if there != here]


def _place(partitions: tuple[Partition, ...], label: str) -> tuple[int, int] | None:
    return next(((p.address, p.size) for p in partitions if p.label == label), None)


def _files_at(partitions: tuple[Partition, ...]) -> int:
    """From 1.26 on tables leave the file system out: it begins behind the last partition."""
    place = _place(partitions, "vfs")
    return place[0] if place else max(p.address + p.size for p in partitions)


def _what_else(data: bytes) -> str:
    if data[:2] == b"PK":
        return "a ZIP archive: unpack it first"
    if data[:1] == bytes([MAGIC]):
        return "too short for a combined image"
    if data[:256].lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "an HTML page: download the .bin itself"
    return f"no ESP32 firmware: it begins with {data[:4].hex() or 'nothing'}"
