"""Where labels are kept: an SVG file for each device, a PDF sheet for each run.

They hold passwords, so only the owner may read them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from tools.labels import sheet, svg
from tools.labels.drawing import CAPTIONS, Label

_LONGEST = 200  # bytes of a file's name, of 255; a letter that is not ASCII takes six or more


class LabelFolder:
    """Makes the folder. Raises OSError."""

    def __init__(self, path: Path):
        self._path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, label: Label) -> Path | None:
        """Write one label, in place of an older one of the same serial number; None when that says more, and stays."""
        path, new = self._path / f"{_name(label.sn)}.svg", svg.draw(label)
        old = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        if any(svg.says(caption, old) and not svg.says(caption, new) for caption in CAPTIONS):
            return None
        return _write(path, new.encode())

    def keep_sheet(self, labels: Sequence[Label]) -> Path:
        """Write a sheet under the next free name."""
        number = 1
        while (path := self._path / f"sheet-{number}.pdf").exists():
            number += 1
        return _write(path, sheet.draw(labels))


def _name(sn: str) -> str:
    name = quote(sn, safe="")
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}-{hashlib.sha256(sn.encode()).hexdigest()[:16]}"


def _write(path: Path, data: bytes) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    return path
