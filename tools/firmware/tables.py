"""Partition tables as text, and the rules that ESP-IDF and an updating agent have for them.

Format: ESP-IDF's guide "Partition Tables": `name, type, subtype, offset, size, flags`, `#` starts a comment,
numbers decimal, hexadecimal or with K or M. Offsets are required here: a table that moves by itself is no use
to boards in the field.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.board.layout import SUBTYPE_OTA_0, TABLE_ADDRESS, TABLE_SIZE, TYPE_APP, TYPE_DATA, Partition

SECTOR = 0x1000
APP_ALIGNMENT = 0x10000  # the chip's memory mapping works in pages of 64 KiB
LEAST_FILE_SYSTEM = 0x40000  # settings, certificates, and an application in the root and in both slot folders

_TYPES = {"app": TYPE_APP, "data": TYPE_DATA}
_SUBTYPES = {"ota": 0x00, "phy": 0x01, "nvs": 0x02, "fat": 0x81} | {f"ota_{n}": SUBTYPE_OTA_0 + n for n in range(16)}
_UNITS = {"K": 1024, "M": 1024 * 1024}


class TableError(ValueError):
    """A table cannot be read or would not work; the text names the row."""


def read(path: Path) -> tuple[Partition, ...]:
    """The rows of a CSV file, in its order. Raises OSError, TableError."""
    lines = (line for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return tuple(_partition(path, row) for row in csv.reader(lines, skipinitialspace=True))


def file_system_bytes(partitions: Iterable[Partition], flash_bytes: int) -> int:
    """What is left for the file system: MicroPython from 1.26 on makes `vfs` from the last partition to the end."""
    return flash_bytes - max(p.address + p.size for p in partitions)


def check(partitions: tuple[Partition, ...], flash_bytes: int) -> None:
    """Raise TableError with the first fault: overlap, alignment, size, or what an updating agent cannot do without."""
    for fault in _faults(partitions, flash_bytes):
        raise TableError(fault)


def _faults(partitions: tuple[Partition, ...], flash_bytes: int) -> Iterator[str]:
    end = TABLE_ADDRESS + SECTOR
    for row in sorted(partitions, key=lambda p: p.address):
        step = APP_ALIGNMENT if row.type == TYPE_APP else SECTOR
        if row.address < end:
            yield f"{row.label} at {row.address:#x} overlaps what ends at {end:#x}"
        if row.address % step or row.size % SECTOR:
            yield f"{row.label}: {row.address:#x} + {row.size:#x} is not aligned to {step:#x}"
        end = row.address + row.size
    if len({p.label for p in partitions}) < len(partitions):
        yield "two partitions have one name"
    if 32 * (len(partitions) + 1) > TABLE_SIZE:
        yield f"{len(partitions)} partitions are more than a table holds"
    if flash_bytes - end < LEAST_FILE_SYSTEM:
        yield f"ends at {end:#x}: less than {LEAST_FILE_SYSTEM:#x} of {flash_bytes:#x} left for the file system"
    yield from _faults_for_updates(partitions)


def _faults_for_updates(partitions: tuple[Partition, ...]) -> Iterator[str]:
    slots = [p for p in partitions if p.is_slot]
    if [p.label for p in slots] != ["ota_0", "ota_1"] or len({p.size for p in slots}) != 1:
        yield "an update needs exactly two slots, ota_0 and ota_1, of one size"
    for label, subtype, least in (("nvs", 0x02, 0x3000), ("otadata", 0x00, 0x2000)):
        if not any(p.label == label and (p.type, p.subtype) == (TYPE_DATA, subtype) and p.size >= least
                   for p in partitions):
            yield f"an update needs {label}, of at least {least:#x}"


def _partition(path: Path, row: list[str]) -> Partition:
    fields = [field.strip() for field in row]
    try:
        label, kind, subtype, address, size = fields[:5]
        if not 0 < len(label) <= 16 or any(fields[5:]):
            raise ValueError("a name has 1 to 16 characters, and flags are not used here")
        return Partition(label, _TYPES[kind], _SUBTYPES[subtype], _number(address), _number(size))
    except KeyError as unknown:
        raise TableError(f"{path}: {fields[0]}: unknown type or subtype {unknown}") from None
    except ValueError as error:
        raise TableError(f"{path}: {', '.join(fields)}: {error}") from error


def _number(text: str) -> int:
    unit = _UNITS.get(text[-1:].upper(), 1)
    return int(text if unit == 1 else text[:-1], 0) * unit
