"""Devices: identity, life cycle and what is known of each. A device is a dict, one row of the table."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from tools.cloud.answers import Refusal
from tools.cloud.records import secret_keys
from tools.cloud.store import Store
from tools.cloud.validation import INVALID

_MAC = re.compile(r"[0-9a-f]{12}")


def mac_key(mac: str) -> str:
    """`mac` in the one spelling in which two are compared: hex digits only when it is a MAC address."""
    plain = re.sub(r"[:.-]", "", mac.lower())
    return plain if _MAC.fullmatch(plain) else mac.lower()


def is_mac(mac: str) -> bool:
    return _MAC.fullmatch(mac_key(mac)) is not None


def add(store: Store, model_id: str, fields: dict[str, Any], now: float) -> tuple[str, str]:
    """Register from checked fields; returns (id, access key). The key is not kept and cannot be had again."""
    access_key = secret_keys.new_access_key()
    mac, details = fields.get("mac"), fields.get("details")
    device_id = str(uuid.uuid4())
    store.insert(
        "devices",
        {
            "id": device_id,
            "access_digest": secret_keys.digest(access_key),
            "model_id": model_id,
            "sn": fields.get("sn"),
            "mac": mac,
            "mac_key": None if mac is None else mac_key(mac),
            "cloud_id": fields.get("cloud_id"),
            "name": fields.get("name"),
            "firmware_version": fields["firmware_version"],
            "sub_model": fields.get("sub_model"),
            "host_address": fields.get("host_address"),
            "parent_id": fields.get("parent_id"),
            "details": None if details is None else json.dumps(details),
            "created_at": now,
            "last_seen_at": now,
        },
    )
    return device_id, access_key


def taken(store: Store, model_id: str, fields: dict[str, Any], sn_alone: bool) -> str | None:
    """Which part of an identity another device of the model has already: "cloud_id", "sn", or None.

    sn_alone: the serial number is the identity; otherwise it is the pair with the MAC address.
    """
    sn, mac, cloud_id = fields.get("sn"), fields.get("mac"), fields.get("cloud_id")
    if cloud_id and store.row(
        "SELECT 1 FROM devices WHERE model_id = ? AND cloud_id = ?", model_id, cloud_id
    ):
        return "cloud_id"
    if sn and sn_alone and store.row("SELECT 1 FROM devices WHERE model_id = ? AND sn = ?", model_id, sn):
        return "sn"
    if (
        sn
        and mac
        and store.row(
            "SELECT 1 FROM devices WHERE model_id = ? AND sn = ? AND mac_key = ?", model_id, sn, mac_key(mac)
        )
    ):
        return "sn"
    return None


def get(store: Store, device_id: str) -> dict[str, Any] | None:
    return store.row("SELECT * FROM devices WHERE id = ?", device_id)


def was_deleted(store: Store, device_id: str) -> bool:
    return store.row("SELECT 1 FROM deleted_devices WHERE id = ?", device_id) is not None


def delete(store: Store, device_id: str, now: float) -> None:
    """With its commands and history; the identity is free again, the id is remembered as deleted."""
    store.run("DELETE FROM devices WHERE id = ?", device_id)
    store.insert("deleted_devices", {"id": device_id, "deleted_at": now})


def to_claim(store: Store, identity: dict[str, Any]) -> dict[str, Any]:
    """The device whose `cloud_id`, or else `mac` and `sn`, are those of `identity`.

    Refusal when there is none (404), or it belongs to somebody already (422: a device has one owner).
    """
    if identity.get("cloud_id"):
        found = store.rows("SELECT * FROM devices WHERE cloud_id = ? ORDER BY number", identity["cloud_id"])
    else:
        found = store.rows(
            "SELECT * FROM devices WHERE sn = ? AND mac_key = ? ORDER BY number",
            identity["sn"],
            mac_key(identity["mac"]),
        )
    if not found:
        raise Refusal(404, "No registered device has this identity")
    free = [device for device in found if device["organization_id"] is None]
    if not free:
        raise Refusal(INVALID, "The device has already been claimed")
    return free[0]


def claim(
    store: Store, device: dict[str, Any], organization_id: int, space_id: int, name: str | None
) -> None:
    """Hand `device` to an organization. A new name is a change of device info, so it raises that version."""
    changes: dict[str, Any] = {
        "organization_id": organization_id,
        "space_id": space_id,
        "space_data_version": device["space_data_version"] + 1,
    }
    if name and name != device["name"]:
        changes |= {"name": name, "info_version": device["info_version"] + 1}
    store.update("devices", "id", device["id"], changes)


def seen(store: Store, device_id: str, now: float) -> None:
    store.update("devices", "id", device_id, {"last_seen_at": now})


def count_update(store: Store, device_id: str, per_hour: int, now: float) -> bool:
    """Note one Update Device call; False when it is one too many within the last hour (update-device)."""
    store.run("DELETE FROM device_updates WHERE at <= ?", now - 3600)
    row = store.row("SELECT COUNT(*) AS calls FROM device_updates WHERE device_id = ?", device_id)
    if row and row["calls"] >= per_hour:
        return False
    store.insert("device_updates", {"device_id": device_id, "at": now})
    return True
