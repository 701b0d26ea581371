"""Device models and the hardware keys that stand for them."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from tools.cloud import defaults
from tools.cloud.answers import Refusal, iso_time
from tools.cloud.records import secret_keys
from tools.cloud.store import Store
from tools.cloud.validation import INVALID


def seed(store: Store) -> None:
    """The default model and hardware key; what is there already stays (a revoked default stays revoked)."""
    with store.transaction():
        if store.row("SELECT 1 FROM models LIMIT 1") is None:
            add(store, {"id": defaults.MODEL_ID, "name": defaults.MODEL_NAME})
            add_key(store, defaults.MODEL_ID, defaults.HARDWARE_KEY, "default", time.time())


def add(store: Store, fields: dict[str, Any]) -> dict[str, Any]:
    """A new model from checked fields: name, and optionally id, authentication ("mac_sn" or "cloud_id"),
    short_code, offline_minutes (0 = never offline), commands (a list; None = any command name).
    """
    commands = fields.get("commands")
    row = {
        "id": fields.get("id") or str(uuid.uuid4()),
        "name": fields["name"],
        "authentication": fields.get("authentication") or "mac_sn",
        "short_code": fields.get("short_code") or "",
        "offline_minutes": fields.get("offline_minutes", 5),
        "commands": None if commands is None else json.dumps(commands),
    }
    if store.row("SELECT 1 FROM models WHERE id = ?", row["id"]):
        raise Refusal(INVALID, "id has already been taken")
    store.insert("models", row)
    return get(store, row["id"])


def get(store: Store, model_id: str) -> dict[str, Any]:
    """The model with `commands` as a list or None; Refusal(422) when there is none."""
    row = store.row("SELECT * FROM models WHERE id = ?", model_id)
    if row is None:
        raise Refusal(INVALID, "model_id names no model")
    row["commands"] = None if row["commands"] is None else json.loads(row["commands"])
    return row


def listing(store: Store) -> list[dict[str, Any]]:
    return [get(store, row["id"]) for row in store.rows("SELECT id FROM models ORDER BY rowid")]


def add_key(store: Store, model_id: str, key: str, note: str, now: float) -> int:
    """Returns the key's number, by which it can be revoked."""
    row = {
        "digest": secret_keys.digest(key.lower()),
        "hint": secret_keys.hint(key),
        "model_id": model_id,
        "note": note,
        "created_at": now,
    }
    if store.row("SELECT 1 FROM hardware_keys WHERE digest = ?", row["digest"]):
        raise Refusal(INVALID, "key has already been taken")
    return store.insert("hardware_keys", row)


def revoke_key(store: Store, number: int, now: float) -> None:
    """Refuse further registrations with it. Devices that registered with it stay (undocumented)."""
    if not store.run("UPDATE hardware_keys SET revoked_at = ? WHERE number = ?", now, number):
        raise Refusal(404, "Not found")


def keys(store: Store) -> list[dict[str, Any]]:
    """All hardware keys, masked."""
    return [
        {
            "number": row["number"],
            "key": row["hint"],
            "model_id": row["model_id"],
            "note": row["note"],
            "created_at": iso_time(row["created_at"]),
            "revoked_at": iso_time(row["revoked_at"]),
        }
        for row in store.rows("SELECT * FROM hardware_keys ORDER BY number")
    ]


def of_hardware_key(store: Store, key: str) -> dict[str, Any] | None:
    """The model that a registering device proves to be of, or None for an unknown or revoked key.

    Looked up by digest, so timing tells nothing about how much of a guess is right.
    """
    row = store.row(
        "SELECT model_id FROM hardware_keys WHERE digest = ? AND revoked_at IS NULL",
        secret_keys.digest(key.lower()),
    )
    return None if row is None else get(store, row["model_id"])
