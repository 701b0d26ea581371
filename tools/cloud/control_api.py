"""The cloud's own panel below /_cloud: settings, faults, the journal, connections, and what Xyte's portals do
(models, hardware keys, operator keys, every device).

Open to this machine; from elsewhere it asks for an operator key.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.requests import Request

from tools.cloud import faults, settings
from tools.cloud.answers import Refusal
from tools.cloud.control_access import control_route
from tools.cloud.operator_api.shapes import device_object
from tools.cloud.records import commands, devices, models, organizations, secret_keys
from tools.cloud.state import Cloud
from tools.cloud.validation import (
    INVALID,
    is_uuid,
    one_of,
    parse_json,
    parse_object,
    required_text,
    text_field,
    whole_number,
)


def show_settings(cloud: Cloud, request: Request, _body: bytes) -> Any:
    return settings.describe(cloud.settings) if "describe" in request.query_params else cloud.settings.all()


def change_settings(cloud: Cloud, _request: Request, body: bytes) -> Any:
    try:
        cloud.settings.change(parse_object(body))
    except settings.SettingError as error:
        raise Refusal(INVALID, str(error)) from None
    return cloud.settings.all()


def show_faults(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    return [rule.shown() for rule in cloud.faults.rules]


def change_faults(cloud: Cloud, request: Request, body: bytes) -> Any:
    rules = parse_json(body)
    try:
        cloud.faults.rules = [faults.parse(rule) for rule in (rules if isinstance(rules, list) else [rules])]
    except faults.FaultError as error:
        raise Refusal(INVALID, str(error)) from None
    return show_faults(cloud, request, body)


def clear_faults(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    cloud.faults.rules = []
    return []


def show_requests(cloud: Cloud, request: Request, _body: bytes) -> Any:
    query = request.query_params
    since = whole_number(query.get("since", "0"), "since")
    limit = whole_number(query.get("limit", "1000"), "limit")
    kinds = ("device", "operator", "control") if query.get("all") in ("1", "true") else ("device",)
    return cloud.journal.entries(since, limit, kinds)


def clear_requests(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    cloud.journal.clear()
    return []


def close_connections(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    return {"closed": cloud.connections.close_idle()}


def show_models(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    return models.listing(cloud.store)


def add_model(cloud: Cloud, _request: Request, raw: bytes) -> Any:
    body = parse_object(raw)
    authentication = text_field(body, "authentication") or "mac_sn"
    return models.add(
        cloud.store,
        {
            "id": text_field(body, "id"),
            "name": required_text(body, "name"),
            "authentication": one_of(authentication, ("mac_sn", "cloud_id"), "authentication"),
            "short_code": text_field(body, "short_code"),
            "offline_minutes": whole_number(body.get("offline_minutes", 5), "offline_minutes", 0, 10**6),
            "commands": _model_commands(body.get("commands")),
        },
    )


def show_hardware_keys(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    return models.keys(cloud.store)


def add_hardware_key(cloud: Cloud, _request: Request, raw: bytes) -> Any:
    """The answer is the only one that ever shows the key whole."""
    body = parse_object(raw)
    model = models.get(cloud.store, required_text(body, "model_id"))
    key = text_field(body, "key") or str(uuid.uuid4())
    if not is_uuid(key):
        raise Refusal(INVALID, "key must be a UUID")
    number = models.add_key(cloud.store, model["id"], key, text_field(body, "note") or "", cloud.clock())
    return {"number": number, "key": key, "model_id": model["id"]}


def revoke_hardware_key(cloud: Cloud, request: Request, _body: bytes) -> Any:
    models.revoke_key(cloud.store, _number(request), cloud.clock())
    return models.keys(cloud.store)


def show_operator_keys(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    return organizations.keys(cloud.store)


def add_operator_key(cloud: Cloud, _request: Request, raw: bytes) -> Any:
    """For the first organization. The answer is the only one that ever shows the key whole."""
    key = text_field(parse_object(raw), "key") or secret_keys.new_access_key()
    organization_id = organizations.first(cloud.store)["id"]
    organizations.add_key(cloud.store, organization_id, key, cloud.clock())
    return {"key": key, "organization_id": organization_id}


def remove_operator_key(cloud: Cloud, request: Request, _body: bytes) -> Any:
    organizations.remove_key(cloud.store, _number(request))
    return organizations.keys(cloud.store)


def show_devices(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    """Every device, also those that nobody has claimed, which operators do not see."""
    now = cloud.clock()
    return [
        device_object(cloud.store, device, now)
        | {
            "state": json.loads(device["state"]),
            "message": device["message"],
            "claimed": device["organization_id"] is not None,
        }
        for device in cloud.store.rows("SELECT * FROM devices ORDER BY number")
    ]


def delete_device(cloud: Cloud, request: Request, _body: bytes) -> Any:
    device_id = request.path_params["device_id"]
    if devices.get(cloud.store, device_id) is None:
        raise Refusal(404, "Device not found")
    devices.delete(cloud.store, device_id, cloud.clock())
    return {"success": True}


def delete_command(cloud: Cloud, request: Request, _body: bytes) -> Any:
    """No call of an operator does this: afterwards the device holds an id that the cloud does not know."""
    if not commands.delete(cloud.store, request.path_params["command_id"]):
        raise Refusal(404, "Command not found")
    return {"success": True}


def _model_commands(value: Any) -> list[dict[str, Any]] | None:
    """Null = any name; else a list of names or of {name, friendly_name, timeout_s}."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise Refusal(INVALID, "commands must be a list or null")
    return [_model_command({"name": item} if isinstance(item, str) else item) for item in value]


def _model_command(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise Refusal(INVALID, "a command is a name or an object with name, friendly_name, timeout_s")
    name = required_text(item, "name")
    command: dict[str, Any] = {"name": name, "friendly_name": text_field(item, "friendly_name") or name}
    if item.get("timeout_s") is not None:
        command["timeout_s"] = whole_number(item["timeout_s"], "timeout_s", 0, 10**6)
    return command


def _number(request: Request) -> int:
    return whole_number(request.path_params["number"], "number")


ROUTES = [
    control_route("GET", "/settings", show_settings),
    control_route("PUT", "/settings", change_settings),
    control_route("GET", "/faults", show_faults),
    control_route("PUT", "/faults", change_faults),
    control_route("DELETE", "/faults", clear_faults),
    control_route("GET", "/requests", show_requests),
    control_route("DELETE", "/requests", clear_requests),
    control_route("POST", "/close_connections", close_connections),
    control_route("GET", "/models", show_models),
    control_route("POST", "/models", add_model, 201),
    control_route("GET", "/hardware_keys", show_hardware_keys),
    control_route("POST", "/hardware_keys", add_hardware_key, 201),
    control_route("DELETE", "/hardware_keys/{number}", revoke_hardware_key),
    control_route("GET", "/operator_keys", show_operator_keys),
    control_route("POST", "/operator_keys", add_operator_key, 201),
    control_route("DELETE", "/operator_keys/{number}", remove_operator_key),
    control_route("GET", "/devices", show_devices),
    control_route("DELETE", "/devices/{device_id}", delete_device),
    control_route("DELETE", "/commands/{command_id}", delete_command),
]
