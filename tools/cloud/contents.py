"""What is in the uploaded files: one file on disk for each different content, named by its SHA-256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


class Contents:
    """folder: made with the first content. A content is there whole or not at all, and never changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep `data`; returns its SHA-256 in hex, by which it is found again."""
        digest = hashlib.sha256(data).hexdigest()
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._folder / f"{digest}.new"
        fresh.write_bytes(data)
        os.replace(fresh, self.path(digest))
        return digest

    def path(self, digest: str) -> Path:
        return self._folder / digest

    def drop(self, digest: str) -> None:
        self.path(digest).unlink(missing_ok=True)
