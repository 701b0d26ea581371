"""Get Command and Update Command (dev.xyte.io get-command, update-command)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tools.cloud.addresses import told_parameters
from tools.cloud.answers import Refusal, error_answer, json_answer
from tools.cloud.device_api.access import DeviceCall, device_route
from tools.cloud.records import commands
from tools.cloud.validation import INVALID, one_of, required_text, text_field


def get_command(call: DeviceCall) -> Response:
    _expire(call)
    head = commands.head(call.store, call.device["id"], call.settings["in_progress_blocks_queue"])
    if head is None:
        return _empty_queue(call)
    commands.fetched(call.store, head, call.now)
    answer = {
        "id": _id_for_device(call, head),
        "device_id": head["device_id"],
        "status": head["status"],
        "name": head["name"],
        "parameters": told_parameters(call.cloud, call.request, head),
    }
    if call.settings["device_id_in_answers"] == "none":
        del answer["device_id"]
    return json_answer(answer)


def update_command(call: DeviceCall) -> Response:
    _expire(call)
    body = call.json()
    command_id = _command_id(body)
    status = one_of(required_text(body, "status"), commands.REPORTED, "status")
    message = text_field(body, "message")
    command = commands.find(call.store, call.device["id"], command_id)
    if command is None:
        return _not_updated(call, "unknown", {"id": command_id, "status": status, "message": message})
    if command["timed_out"]:
        return _late(call, command, status, message)
    if command["status"] == "cancelled":
        return _not_updated(call, "cancelled", command)
    if command["status"] not in commands.OPEN:
        return _not_updated(call, "finished", command)
    return _updated(call, commands.report(call.store, command, status, message, call.now))


def _late(call: DeviceCall, command: dict[str, Any], status: str, message: str | None) -> Response:
    """A report on a command that the timeout has failed; only a final one can still count."""
    if status != "in_progress" and call.settings["late_done"] == "accept":
        command = commands.report(call.store, command, status, message, call.now)
    elif status != "in_progress" and call.settings["late_done"] == "refuse":
        raise Refusal(INVALID, "The command has timed out")
    return _updated(call, command)


def _expire(call: DeviceCall) -> None:
    commands.expire(call.store, call.settings["command_timeout_from"], call.now)


def _empty_queue(call: DeviceCall) -> Response:
    form = call.settings["empty_queue"]
    if form == "404":
        return error_answer(404, "Not found")
    return json_answer({"{}": {}, "null": None, "204": None}[form], 204 if form == "204" else 200)


def _command_id(body: dict[str, Any]) -> str | int:
    """Whatever the device was given as id: text, or a number."""
    value = body.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return required_text(body, "id")


def _id_for_device(call: DeviceCall, command: dict[str, Any]) -> str | int:
    """A command's id in the form the settings give to devices; an unknown command has only what was sent."""
    return (
        command.get("number", command["id"])
        if call.settings["command_id_type"] == "integer"
        else command["id"]
    )


def _not_updated(call: DeviceCall, why: str, command: dict[str, Any]) -> Response:
    """The answer for a command that is "unknown", "finished" or "cancelled" and stays as it is."""
    status = call.settings[f"update_command_{why}_id"]
    if status != 200:
        raise Refusal(status, "Not found" if status == 404 else f"The command is {why}")
    return _updated(call, command)


def _updated(call: DeviceCall, command: dict[str, Any]) -> Response:
    echo = {"id": _id_for_device(call, command), "status": command["status"], "message": command["message"]}
    return call.answer(
        {"echo": echo, "{}": {}, "success": {"success": True}}[call.settings["update_command_answer"]]
    )


ROUTES = [
    device_route("GET", "/command", get_command),
    device_route("POST", "/command", update_command),
]
