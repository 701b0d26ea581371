"""The board's file system seen from the host: LittleFS2 in the `vfs` partition of flash.bin.

Uses littlefs-python's plain calls: its `LittleFS` formats what it cannot mount, and its file objects close
themselves a second time when they are collected.
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterator
from pathlib import Path

from littlefs import LittleFS, LittleFSError, lfs
from littlefs.context import UserContext

from tools.board import layout
from tools.board.flash import SECTOR, Flash

_PARTITION = layout.find(layout.LAYOUT_4MIB_OTA, "vfs")


class _Blocks(UserContext):
    """littlefs-python's block device over the flash."""

    def __init__(self, flash: Flash):
        super().__init__(0)
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
    with _errors_name(path), _mounted(flash_file) as mounted:
        size = mounted.stat(path).size
        file = lfs.file_open(mounted.fs, path, lfs.LFSFileFlag.rdonly)
        data = lfs.file_read(mounted.fs, file, size)
        lfs.file_close(mounted.fs, file)
        return bytes(data)


def write(flash_file: Path, path: str, data: bytes) -> None:
    """Write `path`, making its folders. Raises FileNotFoundError when there is no file system."""
    with _errors_name(path), _mounted(flash_file) as mounted:
        folder = posixpath.dirname(path)
        if folder.strip("/"):
            mounted.makedirs(folder, exist_ok=True)
        flags = lfs.LFSFileFlag.wronly | lfs.LFSFileFlag.creat | lfs.LFSFileFlag.trunc
        file = lfs.file_open(mounted.fs, path, flags)
        lfs.file_write(mounted.fs, file, data)
        lfs.file_close(mounted.fs, file)


def tree(flash_file: Path) -> list[tuple[str, int]]:
    """(path, bytes) of every file, sorted; empty when there is no file system."""
    try:
        with _mounted(flash_file) as mounted:
            paths = [posixpath.join(folder, name) for folder, _, names in mounted.walk("/") for name in names]
            return sorted((path, mounted.stat(path).size) for path in paths)
    except LittleFSError:
        return []


@contextlib.contextmanager
def _mounted(flash_file: Path) -> Iterator[LittleFS]:
    """With the sizes that MicroPython's VfsLfs2 uses by default."""
    flash = Flash(flash_file)
    try:
        mounted = LittleFS(context=_Blocks(flash), mount=False, block_size=SECTOR,
                           block_count=_PARTITION.size // SECTOR, read_size=32, prog_size=32, cache_size=128,
                           lookahead_size=32)
        mounted.mount()
        try:
            yield mounted
        finally:
            mounted.unmount()
    finally:
        flash.close()


@contextlib.contextmanager
def _errors_name(path: str) -> Iterator[None]:
    try:
        yield
    except LittleFSError as error:
        raise FileNotFoundError(f"{path}: {error}") from error
