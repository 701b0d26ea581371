"""NOR flash in a file: erase sets a sector to 0xFF, program only clears bits, power may fail in either.

A *flash operation* is one erase of one 4 KiB sector, or one program call of any length. Both are counted
from 1 since the object was made; `cut_after=n` tears operation n and raises PowerCut.
"""

from __future__ import annotations

import mmap
import os
import random
from collections import Counter
from pathlib import Path

from tools.board.esp_err import PowerCut

SECTOR = 4096
SIZE = 4 * 1024 * 1024


class Flash:
    """The chip's 4 MiB of flash. Not thread-safe: one supervisor owns it.

    path: the file, made with `create`. cut_after: tear this operation (1-based), or None.
    seed: what the torn operation leaves behind; the same seed and operation always leave the same bytes.
    """

    def __init__(self, path: Path, *, cut_after: int | None = None, seed: int = 0):
        self._fd = os.open(path, os.O_RDWR)
        self._bytes = mmap.mmap(self._fd, 0)
        self.cut_after = cut_after
        self.seed = seed
        self.operations = 0
        self.programs = 0
        self.erases: Counter[int] = Counter()  # sector -> erases since this object was made

    @staticmethod
    def create(path: Path, size: int = SIZE) -> None:
        """Write an erased flash of `size` bytes."""
        path.write_bytes(b"\xff" * size)

    def close(self) -> None:
        """Let go of the file; what was written stays. Closing twice is fine."""
        if not self._bytes.closed:
            self._bytes.close()
            os.close(self._fd)

    def __del__(self) -> None:
        if hasattr(self, "_bytes"):
            self.close()

    def fileno(self) -> int:
        """What the interpreter inherits to read the same bytes."""
        return self._fd

    @property
    def size(self) -> int:
        """Bytes of the whole chip."""
        return len(self._bytes)

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes from `address`."""
        return self._bytes[address : address + size]

    def program(self, address: int, data: bytes) -> None:
        """Clear bits: what was 0 stays 0, whatever `data` says. Raises PowerCut."""
        old = self.read(address, len(data))
        new = (int.from_bytes(old) & int.from_bytes(data)).to_bytes(len(data))
        if self._cut_now():
            self._write(address, _torn_program(old, new, self._dice()))
            raise PowerCut
        self.programs += 1
        self._write(address, new)

    def erase(self, address: int, size: int = SECTOR) -> None:
        """Set whole sectors to 0xFF, one operation each. `address` and `size` are multiples of 4096."""
        for at in range(address, address + size, SECTOR):
            if self._cut_now():
                self._write(at, _torn_erase(self.read(at, SECTOR), self._dice()))
                raise PowerCut
            self.erases[at // SECTOR] += 1
            self._write(at, b"\xff" * SECTOR)

    def _cut_now(self) -> bool:
        self.operations += 1
        return self.operations == self.cut_after

    def _dice(self) -> random.Random:
        return random.Random(f"{self.seed}/{self.operations}")

    def _write(self, address: int, data: bytes) -> None:
        self._bytes[address : address + len(data)] = data


def _torn_program(old: bytes, new: bytes, dice: random.Random) -> bytes:
    """The start is programmed, one byte has only some of its bits cleared, the rest is untouched."""
    if not new:
        return new
    done = dice.randrange(len(new))
    half = old[done] & (new[done] | dice.randrange(256))
    return new[:done] + bytes([half]) + old[done + 1 :]


def _torn_erase(old: bytes, dice: random.Random) -> bytes:
    """Erasing first clears every bit, then sets it: the start of the sector is at one of the two stages."""
    done = dice.randrange(len(old) + 1)
    return dice.choice((b"\x00", b"\xff")) * done + old[done:]
