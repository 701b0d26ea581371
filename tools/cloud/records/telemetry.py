"""The merged state of a device and its history."""

from __future__ import annotations

import json
from typing import Any

from tools.cloud.store import Store


def merge(
    state: dict[str, Any], values: dict[str, Any], status: str | None, override: bool
) -> dict[str, Any]:
    """The state after a message: key by key, newer wins, null removes, override forgets all others.

    The status counts as a telemetry key (dev.xyte.io send-telemetry), also over a value of that name.
    """
    merged = {} if override else dict(state)
    merged.update(values)
    if status is not None:
        merged["status"] = status
    return {key: value for key, value in merged.items() if value is not None}


def record(
    store: Store,
    device: dict[str, Any],
    state: dict[str, Any],
    message: str | None,
    status: str | None,
    at: float,
) -> None:
    """Keep `state` as the device's own and as a history row at Unix time `at`."""
    text = json.dumps(state)
    store.update(
        "devices",
        "id",
        device["id"],
        {
            "state": text,
            "message": message,
            "status": status or device["status"],
        },
    )
    store.insert("histories", {"device_id": device["id"], "state": text, "created_at": at})


def histories(
    store: Store, wanted: dict[str, Any], since: float, until: float, limit: int, offset: int
) -> list[dict[str, Any]]:
    """History rows of an organization's devices, newest first.

    wanted: column of devices -> value that it must have; the caller gives names from its own code only.
    """
    clauses = "".join(f" AND devices.{name} = ?" for name in wanted)
    return store.rows(
        "SELECT devices.id AS uuid, devices.name AS name, models.name AS model, devices.space_id AS space_id,"
        " histories.state AS state, histories.created_at AS created_at"
        " FROM histories JOIN devices ON devices.id = histories.device_id"
        " JOIN models ON models.id = devices.model_id"
        f" WHERE histories.created_at BETWEEN ? AND ?{clauses}"
        " ORDER BY histories.created_at DESC, histories.number DESC LIMIT ? OFFSET ?",
        since,
        until,
        *wanted.values(),
        limit,
        offset,
    )
