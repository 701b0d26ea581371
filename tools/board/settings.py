"""`board.json`: what a virtual board is made of."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

FILE = "board.json"
# Bytes on 32 bits, as measured; README.md says what they are made of.
SHIM = 15936
NAMES = 14784
ROMFS = 4096


def simulation(frozen: bool) -> int:
    """Bytes of the interpreter's heap that a chip does not need, on 32 bits. frozen: the image has the agent."""
    return SHIM + (NAMES + ROMFS) * frozen


def ratio(speed: float) -> Fraction:
    """A speed as a ratio of 16-bit numbers."""
    return Fraction(speed).limit_denominator(1000)


class BoardError(Exception):
    """The folder holds no usable board, or it is in use; the text says what to do."""


@dataclass
class BoardSettings:
    """mac: 12 hex digits. networks: (name, key) on the air. speed: board seconds per host second.

    heap: the chip's, in the form of MicroPython's `-X heapsize`; `w` scales it by the word size, so that 64
    bits hold as many objects as the ESP32's 56 KiB. seed: what torn flash operations leave. rssi in dBm.
    ntp_offset_s: how wrong the NTP server is. portal_port: the host's port that stands for port 80 of the hot
    spot; 0: a free one.
    """

    mac: str
    networks: list[list[str]]
    arch: str = "native"
    heap: str = "56wK"
    speed: float = 1.0
    rssi: int = -55
    seed: int = 0
    ntp_offset_s: int = 0
    portal_port: int = 0

    def interpreter_heap(self, frozen: bool) -> str:
        """For `-X heapsize`: the chip's heap, and what lies on the interpreter's but not on the chip's.

        That is the shim, which is C in the chip's firmware, and with a `frozen` agent the tables of names, see
        firmware.py, and what a module in a ROMFS keeps on the heap and a frozen one does not. A size without `wK` is
        taken as it is.
        """
        if match := re.fullmatch(r"(\d+)wK", self.heap):
            return f"{int(match[1]) * 1024 + simulation(frozen)}w"
        return self.heap

    def save(self, folder: Path) -> None:
        """Write board.json."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> BoardSettings:
        """Read board.json. Raises BoardError."""
        try:
            return cls(**json.loads((folder / FILE).read_text()))
        except FileNotFoundError:
            raise BoardError(f"{folder} is not a board: make one with `python -m tools board new {folder} …`"
                             ) from None
        except (ValueError, TypeError) as error:
            raise BoardError(f"{folder / FILE}: {error}") from error
