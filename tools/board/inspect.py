"""What is on a board, in lines for people. Secrets are never shown: a blob is its length and a short hash."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools import image
from tools.board import files, history, layout, otadata
from tools.board.esp_err import EspError
from tools.board.flash import Flash
from tools.board.layout import Partition
from tools.board.nvs.storage import Storage
from tools.board.settings import BoardSettings

_TYPES = {layout.TYPE_APP: "app", layout.TYPE_DATA: "data"}


def report(folder: Path) -> Iterator[str]:
    """Lines about the board in `folder`; also while it runs. Raises BoardError."""
    settings = BoardSettings.load(folder)
    yield f"board {folder}: mac {settings.mac}, heap {settings.heap}, interpreter {settings.arch}"
    with tempfile.TemporaryDirectory() as scratch:
        # A copy: mounting NVS repairs it, and looking must not change what the next boot finds.
        copy = Path(shutil.copy(folder / "flash.bin", scratch))
        flash = Flash(copy)
        yield from _flash_report(flash, copy)
        flash.close()
    yield from _history_report(history.load(folder))


def _flash_report(flash: Flash, path: Path) -> Iterator[str]:
    try:
        partitions = layout.unpack(flash.read(layout.TABLE_ADDRESS, layout.TABLE_SIZE))
    except layout.LayoutError as error:
        yield f"partitions: {error}"
        return
    yield "partitions:"
    for partition in partitions:
        yield (f"  {partition.label:9} {_TYPES.get(partition.type, '?'):4} {partition.subtype:#04x}  "
               f"{partition.address:#08x} + {partition.size:#08x}  {_content(flash, partition)}".rstrip())
    yield "boot records:"
    for index, record in enumerate(otadata.read(flash, layout.find(partitions, "otadata").address)):
        yield f"  {index}: {_record(record)}"
    yield "NVS:"
    yield from _nvs(flash, layout.find(partitions, "nvs"))
    yield "files:"
    for name, size in files.tree(path):
        yield f"  {size:8} {name}"


def _content(flash: Flash, partition: Partition) -> str:
    if not partition.is_slot:
        return ""
    try:
        found = image.parse(flash.read(partition.address, partition.size))
    except image.ImageError as error:
        return f"no image: {error}"
    return f"{found.project} {found.version}, {found.size} bytes, sha256 {found.sha256.hex()[:12]}"


def _record(record: otadata.Record) -> str:
    if record.sequence == otadata.ERASED_SEQUENCE:
        return "erased"
    state = otadata.STATES.get(record.state, f"{record.state:#x}")
    crc = "" if record.crc_ok else ", CRC wrong"
    return f"sequence {record.sequence} (slot ota_{(record.sequence - 1) % 2}), {state}{crc}"


def _nvs(flash: Flash, partition: Partition) -> Iterator[str]:
    try:
        contents = sorted(Storage(flash, partition.address, partition.size).contents(), key=lambda x: x[:2])
    except EspError as error:
        yield f"  {error}"
        return
    for namespace, key, value in contents:
        if isinstance(value, bytes):
            value = f"{len(value)} bytes, hash {hashlib.sha256(value).hexdigest()[:8]}"
        yield f"  {namespace}/{key} = {value}"


def _history_report(state: dict) -> Iterator[str]:
    yield f"boots: {state['boots']}, last causes: {' '.join(state['causes'][-8:]) or 'none'}"
    erases = state["erases"]
    yield (f"flash operations: {state['programs']} programs, {sum(erases.values())} erases; "
           f"most worn sector {max(erases.values(), default=0)} erases")
