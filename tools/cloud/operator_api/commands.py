"""Commands: send, list, cancel."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tools.cloud.addresses import told_parameters
from tools.cloud.answers import Refusal, json_answer
from tools.cloud.operator_api.access import OperatorCall, Page, operator_route
from tools.cloud.operator_api.shapes import command_object
from tools.cloud.records import commands, files, models
from tools.cloud.validation import INVALID, object_field, one_of, text_field

_STATUSES = ("pending", "in_progress", "done", "failed", "cancelled")


def send_command(call: OperatorCall) -> Response:
    device = call.device()
    body = call.json()
    defined = _defined(models.get(call.store, device["model_id"]), body)
    file = _file(call, device, text_field(body, "file_id"))
    extra = object_field(body, "extra_params") or {}
    fields = {
        "name": defined["name"],
        "friendly_name": defined["friendly_name"],
        "file_id": file and file["id"],
        "parameters": _file_parameters(call, file) | extra,
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
    return page.answer([_shown(call, row) for row in rows])


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


def _file(call: OperatorCall, device: dict[str, Any], file_id: str | None) -> dict[str, Any] | None:
    """The file that a command goes with, one of the device's model; None when the command has none."""
    if not file_id:
        return None
    file = files.find(call.store, file_id, device["model_id"])
    if file is None:
        raise Refusal(INVALID, "file_id names no file of the device's model")
    return file


def _file_parameters(call: OperatorCall, file: dict[str, Any] | None) -> dict[str, Any]:
    """What the device is told of the file (get-command). Custom fields of the same name go first (undocumented)."""
    if file is None:
        return {}
    names = ("version", "checksum", "signature") if call.settings["files_have_checksum"] else ("version",)
    return {name: file[name] for name in names}


def _shown(call: OperatorCall, command: dict[str, Any]) -> dict[str, Any]:
    parameters = told_parameters(call.cloud, call.request, command)
    return command_object(command, parameters, call.settings["cancelled_status_name"])


def _answer(call: OperatorCall, command: dict[str, Any], status: int = 200) -> Response:
    return json_answer(_shown(call, command), status)


ROUTES = [
    operator_route("POST", "/devices/{device_id}/commands", send_command),
    operator_route("GET", "/devices/{device_id}/commands", list_commands),
    operator_route("DELETE", "/devices/{device_id}/commands/{command_id}", cancel_command),
]
