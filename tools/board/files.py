"""The board's file system seen from the host: LittleFS2 in the `vfs` partition of flash.bin."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from littlefs import LittleFS, LittleFSError
from littlefs.context import UserContext

from tools.board import layout
from tools.board.flash import SECTOR, Flash

_PARTITION = layout.find(layout.LAYOUT_4MIB_OTA, "vfs")


class _Blocks(UserContext):
    """littlefs-python's block device over the flash."""

    def __init__(self, flash: Flash):
        super().__init__(_PARTITION.size)
        self._flash = flash

    def read(self, cfg, block, off, size):
        return bytearray(self._flash.read(_PARTITION.address + block * SECTOR + off, size))

    def prog(self, cfg, block, off, data):
        self._flash.program(_PARTITION.address + block * SECTOR + off, bytes(data))
        return 0

    def erase(self, cfg, block):
        self._flash.erase(_PARTITION.address + block * SECTOR)
        return 0


def read(flash_file: Path, path: str) -> bytes:
    """The bytes of `path`. Raises FileNotFoundError, also when there is no file system."""
    flash = Flash(flash_file)
    try:
        mounted = _mount(flash)  # kept in a name: an open file does not keep its file system alive
        with mounted.open(path, "rb") as file:
            return file.read()
    except LittleFSError as error:
        raise FileNotFoundError(path) from error
    finally:
        flash.close()


def write(flash_file: Path, path: str, data: bytes) -> None:
    """Write `path`, making its folders. Raises FileNotFoundError when there is no file system."""
    flash = Flash(flash_file)
    try:
        mounted = _mount(flash)
        mounted.makedirs(posixpath.dirname(path) or "/", exist_ok=True)
        with mounted.open(path, "wb") as file:
            file.write(data)
    except LittleFSError as error:
        raise FileNotFoundError(path) from error
    finally:
        flash.close()


def tree(flash_file: Path) -> Iterator[tuple[str, int]]:
    """(path, bytes) of every file, sorted. Nothing when there is no file system."""
    flash = Flash(flash_file)
    try:
        mounted = _mount(flash)
        found = [posixpath.join(folder, name) for folder, _, names in mounted.walk("/") for name in names]
        yield from sorted((path, mounted.stat(path).size) for path in found)
    except LittleFSError:
        return
    finally:
        flash.close()


def _mount(flash: Flash) -> LittleFS:
    """With the sizes that MicroPython's VfsLfs2 uses by default."""
    return LittleFS(context=_Blocks(flash), block_size=SECTOR, block_count=_PARTITION.size // SECTOR,
                    read_size=32, prog_size=32, cache_size=128, lookahead_size=32)
