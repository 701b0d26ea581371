"""Commands: send, list, cancel."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tools.cloud.answers import Refusal, json_answer
from tools.cloud.operator_api.access import OperatorCall, Page, operator_route
from tools.cloud.operator_api.shapes import command_object
from tools.cloud.records import commands, models
from tools.cloud.validation import INVALID, object_field, one_of, text_field

_STATUSES = ("pending", "in_progress", "done", "failed", "cancelled")


def send_command(call: OperatorCall) -> Response:
    device = call.device()
    body = call.json()
    defined = _defined(models.get(call.store, device["model_id"]), body)
    if text_field(body, "file_id"):
        raise Refusal(INVALID, "file_id names no file")  # files are not served yet
    fields = {
        "name": defined["name"],
        "friendly_name": defined["friendly_name"],
        "file_id": None,
        "parameters": object_field(body, "extra_params") or {},
    }
    timeout_s = defined.get("timeout_s", call.settings["command_timeout_s"])
    return _answer(call, commands.add(call.store, device["id"], fields, timeout_s, call.now), 201)


def list_commands(call: OperatorCall) -> Response:
    device = call.device()
    page = Page.asked(call.query)
    status = call.query.get("status")
    if status is not None:
        cancelled = call.settings["cancelled_status_name"]
        status = "cancelled" if status == cancelled else one_of(status, _STATUSES, "status")
    rows = commands.listing(call.store, device["id"], status, page.limit, page.offset)
    return page.answer([command_object(row, call.settings["cancelled_status_name"]) for row in rows])


def cancel_command(call: OperatorCall) -> Response:
    command = commands.find(call.store, call.device()["id"], call.request.path_params["command_id"])
    if command is None:
        raise Refusal(404, "Command not found")
    allowed = commands.OPEN if call.settings["cancel_in_progress"] else ("pending",)
    if command["status"] not in allowed:
        raise Refusal(INVALID, f"A command that is {command['status']} cannot be cancelled")
    return _answer(call, commands.cancel(call.store, command, call.now))


def _defined(model: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The model's command that `name` or `friendly_name` means; a model without a list knows any name."""
    name, friendly = text_field(body, "name"), text_field(body, "friendly_name")
    if not name and not friendly:
        raise Refusal(INVALID, "name or friendly_name is missing")
    if model["commands"] is None:
        return {"name": name or friendly, "friendly_name": friendly or name}
    for command in model["commands"]:
        if (name or command["name"]) == command["name"] and (
            not friendly or friendly == command["friendly_name"]
        ):
            return command
    raise Refusal(INVALID, f"The model has no command {name or friendly}")


def _answer(call: OperatorCall, command: dict[str, Any], status: int = 200) -> Response:
    return json_answer(command_object(command, call.settings["cancelled_status_name"]), status)


ROUTES = [
    operator_route("POST", "/devices/{device_id}/commands", send_command),
    operator_route("GET", "/devices/{device_id}/commands", list_commands),
    operator_route("DELETE", "/devices/{device_id}/commands/{command_id}", cancel_command),
]
