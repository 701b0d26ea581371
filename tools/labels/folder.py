"""Where labels are kept: an SVG file for each device, a PDF sheet for each run.

They hold passwords, so only the owner may read them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from tools.labels import sheet, svg
from tools.labels.drawing import Label


class LabelFolder:
    """Makes the folder. Raises OSError."""

    def __init__(self, path: Path):
        self._path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, label: Label) -> Path:
        """Write one label, in place of an older one of the same serial number."""
        return _write(self._path / f"{quote(label.sn, safe='')}.svg", svg.draw(label).encode())

    def keep_sheet(self, labels: Sequence[Label]) -> Path:
        """Write a sheet under the next free name."""
        number = 1
        while (path := self._path / f"sheet-{number}.pdf").exists():
            number += 1
        return _write(path, sheet.draw(labels))


def _write(path: Path, data: bytes) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    return path
