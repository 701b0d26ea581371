"""The command queue of a device. A command is a dict, one row of the table.

pending -> in_progress -> done | failed
pending -> done | failed                  a device need not announce its work
pending [-> in_progress] -> cancelled     by the operator
pending | in_progress -> failed           by the timeout (timed_out = 1)
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from tools.cloud.store import Store

OPEN = ("pending", "in_progress")
REPORTED = ("in_progress", "done", "failed")


def add(store: Store, device_id: str, fields: dict[str, Any], timeout_s: int, now: float) -> dict[str, Any]:
    """Queue a command from checked fields: name, friendly_name, parameters (dict), file_id."""
    number = store.insert(
        "commands",
        {
            "id": str(uuid.uuid4()),
            "device_id": device_id,
            "name": fields["name"],
            "friendly_name": fields["friendly_name"],
            "parameters": json.dumps(fields["parameters"]),
            "file_id": fields["file_id"],
            "status": "pending",
            "timeout_s": timeout_s,
            "created_at": now,
            "updated_at": now,
        },
    )
    return store.rows("SELECT * FROM commands WHERE number = ?", number)[0]


def find(store: Store, device_id: str, command_id: str | int) -> dict[str, Any] | None:
    """By its UUID or by its number, the two forms of id a device may have been given."""
    column = "number" if isinstance(command_id, int) or command_id.isdecimal() else "id"
    try:
        value = int(command_id) if column == "number" else command_id
        return store.row(f"SELECT * FROM commands WHERE device_id = ? AND {column} = ?", device_id, value)
    except (OverflowError, ValueError):  # more digits than a number in the database can have
        return None


def listing(
    store: Store, device_id: str, status: str | None, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Newest first; status None = all."""
    return store.rows(
        "SELECT * FROM commands WHERE device_id = ? AND (? IS NULL OR status = ?)"
        " ORDER BY number DESC LIMIT ? OFFSET ?",
        device_id,
        status,
        status,
        limit,
        offset,
    )


def head(store: Store, device_id: str, in_progress_first: bool) -> dict[str, Any] | None:
    """The command that Get Command returns, or None."""
    first = "in_progress" if in_progress_first else "pending"
    return store.row(
        "SELECT * FROM commands WHERE device_id = ? AND status IN ('pending', 'in_progress')"
        " ORDER BY status = ? DESC, number LIMIT 1",
        device_id,
        first,
    )


def fetched(store: Store, command: dict[str, Any], now: float) -> None:
    """Note that the device has been told of the command."""
    if command["fetched_at"] is None:
        store.update("commands", "number", command["number"], {"fetched_at": now})


def report(
    store: Store, command: dict[str, Any], status: str, message: str | None, now: float
) -> dict[str, Any]:
    """Set what the device says of the command; returns the command as it is now."""
    changes = {"status": status, "message": message, "timed_out": 0, "updated_at": now}
    store.update("commands", "number", command["number"], changes)
    return command | changes


def cancel(store: Store, command: dict[str, Any], now: float) -> dict[str, Any]:
    changes = {"status": "cancelled", "updated_at": now}
    store.update("commands", "number", command["number"], changes)
    return command | changes


def delete(store: Store, command_id: str) -> bool:
    """Forget it, whatever its state; whether there was one."""
    there = store.row("SELECT 1 FROM commands WHERE id = ?", command_id) is not None
    store.run("DELETE FROM commands WHERE id = ?", command_id)
    return there


def expire(store: Store, start: str, now: float) -> None:
    """Fail every command whose timeout has passed, counted from `start`: "created" or "fetched"."""
    column = {"created": "created_at", "fetched": "fetched_at"}[start]
    store.run(
        "UPDATE commands SET status = 'failed', timed_out = 1, message = 'Command timed out', updated_at = ?"
        f" WHERE status IN ('pending', 'in_progress') AND timeout_s > 0 AND {column} + timeout_s <= ?",
        now,
        now,
    )


def running(store: Store, device_id: str) -> bool:
    """Whether a command with a timeout is open: then silence does not make the device offline."""
    return (
        store.row(
            "SELECT 1 FROM commands WHERE device_id = ? AND timeout_s > 0"
            " AND status IN ('pending', 'in_progress')",
            device_id,
        )
        is not None
    )
