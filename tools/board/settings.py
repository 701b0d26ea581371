"""`board.json`: what a virtual board is made of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path

FILE = "board.json"


def ratio(speed: float) -> Fraction:
    """A speed as a ratio of 16-bit numbers."""
    return Fraction(speed).limit_denominator(1000)


class BoardError(Exception):
    """The folder holds no usable board, or it is in use; the text says what to do."""


@dataclass
class BoardSettings:
    """mac: 12 hex digits. networks: (name, key) on the air. speed: board seconds per host second.

    heap: for MicroPython's `-X heapsize`; `w` scales it by the word size, so that 64 bits hold as many
    objects as the ESP32's 56 KiB. seed: what torn flash operations leave. rssi in dBm.
    ntp_offset_s: how wrong the NTP server is.
    """

    mac: str
    networks: list[list[str]] = field(default_factory=lambda: [["virtual-ap", "virtual-key"]])
    arch: str = "native"
    heap: str = "56wK"
    speed: float = 1.0
    rssi: int = -55
    seed: int = 0
    ntp_offset_s: int = 0

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
