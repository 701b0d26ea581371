"""The end customers: their operator keys and their spaces (one of each to start with)."""

from __future__ import annotations

import time
from typing import Any

from tools.cloud import defaults
from tools.cloud.answers import Refusal, iso_time
from tools.cloud.records import secret_keys
from tools.cloud.store import Store
from tools.cloud.validation import INVALID


def seed(store: Store) -> None:
    """The default organization with its key and one space, at first start only."""
    with store.transaction():
        if store.row("SELECT 1 FROM organizations LIMIT 1") is None:
            store.insert(
                "organizations", {"id": defaults.ORGANIZATION_ID, "name": defaults.ORGANIZATION_NAME}
            )
            store.insert(
                "spaces",
                {
                    "id": defaults.SPACE_ID,
                    "organization_id": defaults.ORGANIZATION_ID,
                    "full_path": defaults.SPACE_PATH,
                },
            )
            add_key(store, defaults.ORGANIZATION_ID, defaults.OPERATOR_KEY, time.time())


def first(store: Store) -> dict[str, Any]:
    """The organization that the seed made."""
    return store.rows("SELECT * FROM organizations ORDER BY id LIMIT 1")[0]


def add_key(store: Store, organization_id: int, key: str, now: float) -> None:
    digest = secret_keys.digest(key)
    if store.row("SELECT 1 FROM operator_keys WHERE digest = ?", digest):
        raise Refusal(INVALID, "key has already been taken")
    store.insert(
        "operator_keys",
        {
            "digest": digest,
            "hint": secret_keys.hint(key),
            "organization_id": organization_id,
            "created_at": now,
        },
    )


def remove_key(store: Store, number: int) -> None:
    """Refusal(404) for no such key, Refusal(422) for the last one."""
    if store.row("SELECT 1 FROM operator_keys WHERE rowid = ?", number) is None:
        raise Refusal(404, "Not found")
    if store.row("SELECT 1 FROM operator_keys WHERE rowid != ?", number) is None:
        raise Refusal(INVALID, "The last operator key stays: add another one first")
    store.run("DELETE FROM operator_keys WHERE rowid = ?", number)


def keys(store: Store) -> list[dict[str, Any]]:
    """All operator keys, masked; `number` is what remove_key takes."""
    return [
        {
            "number": row["number"],
            "key": row["hint"],
            "organization_id": row["organization_id"],
            "created_at": iso_time(row["created_at"]),
        }
        for row in store.rows("SELECT rowid AS number, * FROM operator_keys ORDER BY rowid")
    ]


def of_key(store: Store, key: str) -> dict[str, Any] | None:
    """The organization (id, name) that a key speaks for, or None."""
    return store.row(
        "SELECT organizations.* FROM organizations JOIN operator_keys ON organization_id = organizations.id"
        " WHERE digest = ?",
        secret_keys.digest(key),
    )


def space(store: Store, organization_id: int, space_id: int) -> dict[str, Any]:
    """The organization's space (id, full_path); Refusal(422) when it has no such space."""
    row = store.row(
        "SELECT id, full_path FROM spaces WHERE id = ? AND organization_id = ?", space_id, organization_id
    )
    if row is None:
        raise Refusal(INVALID, "space_id names no space")
    return row
