"""Get Device Info, Update Device, Delete Device (dev.xyte.io update-device; Xyte's command-line client)."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from tools.cloud.answers import Refusal
from tools.cloud.device_api.access import DeviceCall, device_route, too_many
from tools.cloud.records import devices
from tools.cloud.validation import INVALID, object_field, text_field
from tools.semver import is_semver

_TEXTS = ("firmware_version", "name", "sub_model", "parent_id", "host_address")
_VERSIONS = {"config_version": "applied_config_version", "space_version": "applied_space_version"}
_FIELDS = {*_TEXTS, *_VERSIONS, "details"}


def get_device_info(call: DeviceCall) -> Response:
    device = call.device
    return call.answer(
        {
            "id": device["id"],
            "name": device["name"],
            "firmware_version": device["firmware_version"],
            "details": device["details"] and json.loads(device["details"]),
            "version": device["info_version"],
        }
    )


def update_device(call: DeviceCall) -> Response:
    body = call.json()
    unknown = sorted(set(body) - _FIELDS)
    if unknown and call.settings["update_device_rejects_unknown"]:
        raise Refusal(400, f"Unknown field: {unknown[0][:100]}")
    call.store.update("devices", "id", call.device["id"], _changes(call, body))
    form = call.settings["update_device_answer"]
    if form == "204":
        return Response(status_code=204)
    return call.answer({"success": True} if form == "success" else {})


def delete_device(call: DeviceCall) -> Response:
    devices.delete(call.store, call.device["id"], call.now)
    return call.answer({"success": True})


def _limit_updates(call: DeviceCall) -> None:
    per_hour = call.settings["update_device_per_hour"]
    if per_hour and not devices.count_update(call.store, call.device["id"], per_hour, call.now):
        raise too_many(call.settings)


def _changes(call: DeviceCall, body: dict[str, Any]) -> dict[str, Any]:
    """Columns to set; a field that is absent or null leaves its column as it is."""
    changes: dict[str, Any] = {name: text_field(body, name) for name in _TEXTS}
    version = changes["firmware_version"]
    if version is not None and call.settings["register_requires_semver"] and not is_semver(version):
        raise Refusal(INVALID, "firmware_version is not a semantic version")
    if changes["parent_id"] is not None:
        _check_parent(call, changes["parent_id"])
    details = object_field(body, "details")
    changes["details"] = None if details is None else json.dumps(details)
    changes |= {column: _version_field(body, name) for name, column in _VERSIONS.items()}
    return {name: value for name, value in changes.items() if value is not None}


def _check_parent(call: DeviceCall, parent_id: str) -> None:
    """Both unclaimed, or both claimed by the same customer."""
    parent = devices.get(call.store, parent_id)
    if parent is None or parent_id == call.device["id"]:
        raise Refusal(INVALID, "parent_id names no other device")
    if parent["organization_id"] != call.device["organization_id"]:
        raise Refusal(INVALID, "parent_id belongs to somebody else")


def _version_field(body: dict[str, Any], name: str) -> str | None:
    """Typed as string here and as integer elsewhere in the documents (undocumented): both are fine."""
    value = body.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_field(body, name)


ROUTES = [
    device_route("GET", "", get_device_info),
    device_route("PUT", "", update_device, _limit_updates),
    device_route("DELETE", "", delete_device),
]
