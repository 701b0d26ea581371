"""Info, and devices: list, get, claim, delete."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from tools.cloud.answers import Refusal, json_answer
from tools.cloud.operator_api.access import OperatorCall, Page, operator_route
from tools.cloud.operator_api.shapes import device_object
from tools.cloud.records import devices, organizations
from tools.cloud.validation import INVALID, required_text, text_field, whole_number


def info(call: OperatorCall) -> Response:
    return json_answer({"id": call.organization["id"], "name": call.organization["name"]})


def list_devices(call: OperatorCall) -> Response:
    page = Page.asked(call.query)
    space_id = call.query.get("space_id")
    space = None if space_id is None else whole_number(space_id, "space_id")
    rows = call.store.rows(
        "SELECT * FROM devices WHERE organization_id = ? AND (? IS NULL OR space_id = ?)"
        " ORDER BY number LIMIT ? OFFSET ?",
        call.organization["id"],
        space,
        space,
        page.limit,
        page.offset,
    )
    return page.answer([device_object(call.store, device, call.now) for device in rows])


def get_device(call: OperatorCall) -> Response:
    return json_answer(_with_state(call, call.device()))


def claim_device(call: OperatorCall) -> Response:
    body = call.json()
    if body.get("space_id") is None:
        raise Refusal(INVALID, "space_id is missing")
    space = organizations.space(
        call.store, call.organization["id"], whole_number(body["space_id"], "space_id")
    )
    device = devices.to_claim(call.store, _identity(body))
    devices.claim(call.store, device, call.organization["id"], space["id"], text_field(body, "name"))
    return json_answer(_with_state(call, devices.get(call.store, device["id"]) or device))


def delete_device(call: OperatorCall) -> Response:
    devices.delete(call.store, call.device()["id"], call.now)
    return json_answer({"success": True})


def _identity(body: dict[str, Any]) -> dict[str, Any]:
    """Either mac and sn, or cloud_id, not both."""
    cloud_id, mac, sn = (text_field(body, name) for name in ("cloud_id", "mac", "sn"))
    if cloud_id and (mac or sn):
        raise Refusal(INVALID, "Give either cloud_id, or mac and sn, not both")
    return (
        {"cloud_id": cloud_id}
        if cloud_id
        else {
            "mac": required_text(body, "mac"),
            "sn": required_text(body, "sn"),
        }
    )


def _with_state(call: OperatorCall, device: dict[str, Any]) -> dict[str, Any]:
    return device_object(call.store, device, call.now) | {"state": json.loads(device["state"])}


ROUTES = [
    operator_route("GET", "/info", info),
    operator_route("GET", "/devices", list_devices),
    operator_route("POST", "/devices/claim", claim_device),
    operator_route("GET", "/devices/{device_id}", get_device),
    operator_route("DELETE", "/devices/{device_id}", delete_device),
]
