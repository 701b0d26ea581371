"""The objects of operator answers (docs.xyte.io organization-api)."""

from __future__ import annotations

import json
from typing import Any

from tools.cloud.answers import iso_time
from tools.cloud.records import commands, models
from tools.cloud.store import Store

_EFFECTIVE = {"online": "ok", "error": "error", "offline": "offline", None: None}


def device_object(store: Store, device: dict[str, Any], now: float) -> dict[str, Any]:
    """As in lists; Get Device adds `state`."""
    model = models.get(store, device["model_id"])
    space = store.row("SELECT id, full_path FROM spaces WHERE id = ?", device["space_id"])
    effective = effective_status(store, device, model["offline_minutes"], now)
    return {
        "id": device["id"],
        "name": device["name"],
        "sn": device["sn"],
        "mac": device["mac"],
        "cloud_id": device["cloud_id"],
        "status": device["status"],
        "effective_status": effective,
        "merged_effective_status": effective,
        "last_seen_at": iso_time(device["last_seen_at"]),
        "details": device["details"] and json.loads(device["details"]),
        "model": {"id": model["id"], "name": model["name"], "sub_model": device["sub_model"]},
        "firmware": {"version": device["firmware_version"]},
        "space": space,
    }


def effective_status(store: Store, device: dict[str, Any], offline_minutes: int, now: float) -> str | None:
    """What the cloud makes of a device: what it said last, or "disconnected" when it is silent for too long.

    Silence does not count while a command with a timeout runs. "never_seen" cannot happen here:
    a device is seen when it registers.
    """
    silent_s = now - (device["last_seen_at"] or 0)
    if offline_minutes and silent_s > offline_minutes * 60 and not commands.running(store, device["id"]):
        return "disconnected"
    return _EFFECTIVE[device["status"]]


def command_object(command: dict[str, Any], parameters: dict[str, Any], cancelled_name: str) -> dict[str, Any]:
    """Modelled on Get Command; no source shows the operator's side of it."""
    status = cancelled_name if command["status"] == "cancelled" else command["status"]
    return {
        "id": command["id"],
        "device_id": command["device_id"],
        "name": command["name"],
        "friendly_name": command["friendly_name"],
        "status": status,
        "message": command["message"],
        "parameters": parameters,
        "file_id": command["file_id"],
        "created_at": iso_time(command["created_at"]),
        "updated_at": iso_time(command["updated_at"]),
    }
