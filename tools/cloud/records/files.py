"""Uploaded files of a model. A file is a dict, one row of the table; `digest` names its content (contents.py).

etag: what downloads show, without quotes; it changes with the content, unless somebody wants a server that lies.
"""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Any

from tools.cloud.answers import Refusal
from tools.cloud.store import Store
from tools.cloud.validation import INVALID
from tools.semver import is_semver, precedence

FIRMWARE = "firmware"  # the file type whose versions telemetry answers tell of, and which must be SemVer


def add(store: Store, fields: dict[str, Any], content: dict[str, Any], now: float) -> dict[str, Any]:
    """A new file from checked fields: model_id, name, description, file_type, version, checksum, signature,
    notes, public_notes. content: its digest (SHA-256, hex) and size in bytes. Raises Refusal(422).
    """
    if fields["file_type"] == FIRMWARE and not is_semver(fields["version"] or ""):
        raise Refusal(INVALID, "the version of a firmware file must be a semantic version")
    if store.row("SELECT 1 FROM files WHERE name = ?", fields["name"]):
        raise Refusal(INVALID, "name has already been taken")
    row = {"id": str(uuid.uuid4()), **fields, **content, "etag": content["digest"][:32], "created_at": now}
    store.insert("files", row)
    return get(store, row["id"])


def free_name(store: Store, name: str) -> str:
    """`name`, or with a number in it when another file has it: names are unique."""
    path, number, free = PurePath(name), 1, name
    while store.row("SELECT 1 FROM files WHERE name = ?", free):
        number += 1
        free = f"{path.stem} ({number}){path.suffix}"
    return free


def find(store: Store, file_id: str, model_id: str | None = None) -> dict[str, Any] | None:
    """model_id: only when the file is one of that model."""
    return store.row("SELECT * FROM files WHERE id = ? AND (? IS NULL OR model_id = ?)", file_id, model_id, model_id)


def get(store: Store, file_id: str, model_id: str | None = None) -> dict[str, Any]:
    """As find, but Refusal(404) when there is none."""
    row = find(store, file_id, model_id)
    if row is None:
        raise Refusal(404, "File not found")
    return row


def listing(store: Store, model_id: str | None = None) -> list[dict[str, Any]]:
    """Oldest first; model_id: only those of one model."""
    return store.rows("SELECT * FROM files WHERE ? IS NULL OR model_id = ? ORDER BY number", model_id, model_id)


def delete(store: Store, file: dict[str, Any]) -> bool:
    """Returns whether its content is no longer anybody's. Commands that were sent with it keep their parameters."""
    store.run("DELETE FROM files WHERE number = ?", file["number"])
    return store.row("SELECT 1 FROM files WHERE digest = ?", file["digest"]) is None


def take_content(store: Store, file: dict[str, Any], other: dict[str, Any], keep_etag: bool) -> dict[str, Any]:
    """From now on `file` has the content of `other`, with all its fields as they were; returns it as it is now.

    The content it had stays on disk: downloads of it may be under way.
    """
    changes = {name: other[name] for name in ("digest", "size") + (() if keep_etag else ("etag",))}
    store.update("files", "number", file["number"], changes)
    return file | changes


def newest_firmware(store: Store, model_id: str, above: str) -> dict[str, Any] | None:
    """The model's firmware file of the highest version, when that is higher than `above`."""
    if not is_semver(above):
        return None
    rows = [file for file in listing(store, model_id) if file["file_type"] == FIRMWARE]
    newest = max(rows, key=lambda file: precedence(file["version"]), default=None)
    return newest if newest and precedence(newest["version"]) > precedence(above) else None
