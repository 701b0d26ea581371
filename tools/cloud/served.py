"""Which downloads of a file there were: a view on the journal's entries, which count the bytes that were sent."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

KEPT = 10_000  # downloads of one file; a power-cut campaign makes thousands


class Served:
    def __init__(self) -> None:
        self._entries: defaultdict[str, deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=KEPT))

    def add(self, file_id: str, entry: dict[str, Any]) -> None:
        """entry: of the journal; its `sent` goes on counting while the download goes on."""
        self._entries[file_id].append(entry)

    def downloads(self, file_id: str) -> list[dict[str, Any]]:
        """Oldest first. range: as asked for, None = the whole. bytes_sent: of the body, as far as it got."""
        return [
            {
                "range": entry["headers"].get("range"),
                "status": entry["status"],
                "bytes_sent": entry["sent"],
                "connection": entry["connection"],
                "listener": entry["listener"],
            }
            for entry in self._entries[file_id]
        ]

    def forget(self, file_id: str) -> None:
        self._entries.pop(file_id, None)
