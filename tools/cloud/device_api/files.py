"""Get Files and Get File (dev.xyte.io get-files, get-file): what the manufacturer uploaded for the model."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tools.cloud.addresses import file_url
from tools.cloud.answers import iso_time, json_answer
from tools.cloud.device_api.access import DeviceCall, device_route
from tools.cloud.records import files


def get_files(call: DeviceCall) -> Response:
    """A bare array, so there is no place for a device_id."""
    return json_answer([_file_object(call, file) for file in files.listing(call.store, call.device["model_id"])])


def get_file(call: DeviceCall) -> Response:
    return call.answer(_file_object(call, files.get(call.store, _file_id(call), call.device["model_id"])))


def _file_id(call: DeviceCall) -> str:
    return call.request.path_params["file_id"]


def _file_object(call: DeviceCall, file: dict[str, Any]) -> dict[str, Any]:
    """Checksum and signature are on the newer page only."""
    shown = {
        "id": file["id"],
        "name": file["name"],
        "url": file_url(call.cloud, call.request, file["id"]),
        "desc": file["description"],
        "file_type": file["file_type"],
        "version": file["version"],
        "created_at": iso_time(file["created_at"]),
        "public_notes": file["public_notes"],
    }
    if call.settings["files_have_checksum"]:
        shown |= {"checksum": file["checksum"], "signature": file["signature"]}
    return shown


ROUTES = [
    device_route("GET", "/files", get_files),
    device_route("GET", "/files/{file_id}", get_file),
]
