"""Send Telemetry (dev.xyte.io send-telemetry): merges the state and tells the device what waits for it."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from tools.cloud.device_api.access import DeviceCall, device_route
from tools.cloud.records import commands, files, telemetry
from tools.cloud.validation import (
    boolean_field,
    moment,
    object_field,
    one_of,
    required_text,
    telemetry_values,
    text_field,
)

STATUSES = ("online", "offline", "error")


def send_telemetry(call: DeviceCall) -> Response:
    body = call.json(call.settings["telemetry_too_large_status"])
    read_status = required_text if call.settings["telemetry_requires_status"] else text_field
    status = read_status(body, "status")
    if status is not None:
        one_of(status, STATUSES, "status")
    message = text_field(body, "message")
    measured_at = _measured_at(call, body)
    values = telemetry_values(object_field(body, "telemetries") or {})
    state = telemetry.merge(json.loads(call.device["state"]), values, status, boolean_field(body, "override"))
    telemetry.record(call.store, call.device, state, message, status, measured_at)
    return call.answer(_waiting(call), call.settings["telemetry_success_status"])


def _measured_at(call: DeviceCall, body: dict[str, Any]) -> float:
    """When the values were measured, as Unix seconds for the history."""
    text = text_field(body, "timestamp")
    measured_at = call.now if text is None else moment(text, "timestamp")
    return measured_at if call.settings["telemetry_history_time"] == "measured" else call.now


def _waiting(call: DeviceCall) -> dict[str, Any]:
    """The eight keys of the documented answer, in its order. Licences are not served yet."""
    device = call.device
    claimed = device["organization_id"] is not None
    firmware = files.newest_firmware(call.store, device["model_id"], device["firmware_version"])
    return {
        "success": True,
        "config_version": device["config_version"],
        "info_version": device["info_version"],
        "space_data_version": device["space_data_version"]
        if claimed
        else call.settings["unclaimed_space_data_version"],
        "command": _command_waits(call),
        "new_licenses": False,
        "latest_fw_version": firmware and firmware["version"],
        "latest_fw_file_id": firmware and firmware["id"],
    }


def _command_waits(call: DeviceCall) -> bool:
    commands.expire(call.store, call.settings["command_timeout_from"], call.now)
    head = commands.head(call.store, call.device["id"], call.settings["in_progress_blocks_queue"])
    if head is None:
        return False
    return head["status"] == "pending" or call.settings["command_flag_while_in_progress"] == "stay"


ROUTES = [device_route("POST", "/telemetry", send_telemetry)]
