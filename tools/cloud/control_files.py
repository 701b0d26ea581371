"""Files on the panel: upload with the fields of Xyte's form, list, replace, delete, and what was downloaded."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tools.cloud.answers import Refusal, iso_time, json_answer
from tools.cloud.control_access import PREFIX, admit, control_route
from tools.cloud.records import files, models
from tools.cloud.state import Cloud
from tools.cloud.validation import INVALID, MALFORMED, required_text, text_field

# The portal's form (Models, a model, Files, Upload File); `file` is the content, `model_id` the model it is of.
_TEXTS = ("name", "description", "file_type", "version", "checksum", "signature", "notes", "public_notes")
_SHOWN = ("id", "model_id", *_TEXTS, "size", "etag")


async def upload(request: Request) -> Response:
    cloud: Cloud = request.app.state.cloud
    admit(cloud, request)
    body, data = await _form(request)
    with cloud.store.transaction():
        fields: dict[str, Any] = {name: text_field(body, name) or None for name in _TEXTS}
        fields["name"] = fields["name"] or files.free_name(cloud.store, required_text(body, "filename"))
        fields["file_type"] = fields["file_type"] or files.FIRMWARE
        model_id = text_field(body, "model_id") or models.listing(cloud.store)[0]["id"]
        fields["model_id"] = models.get(cloud.store, model_id)["id"]
        content = {"digest": cloud.contents.put(data), "size": len(data)}
        return json_answer(_shown(cloud, files.add(cloud.store, fields, content, cloud.clock())), 201)


def show_files(cloud: Cloud, _request: Request, _body: bytes) -> Any:
    return [_shown(cloud, file) for file in files.listing(cloud.store)]


def show_file(cloud: Cloud, request: Request, _body: bytes) -> Any:
    file = files.get(cloud.store, request.path_params["file_id"])
    return _shown(cloud, file) | {"downloads": cloud.served.downloads(file["id"])}


def replace_content(cloud: Cloud, request: Request, body: bytes) -> Any:
    """Put other bytes under the same URL, with a new ETag; the fields of the form stay as they are."""
    file = files.get(cloud.store, request.path_params["file_id"])
    digest = cloud.contents.put(body)
    other = {"digest": digest, "size": len(body), "etag": digest[:32]}
    return _shown(cloud, files.take_content(cloud.store, file, other, keep_etag=False))


def delete_file(cloud: Cloud, request: Request, _body: bytes) -> Any:
    file = files.get(cloud.store, request.path_params["file_id"])
    cloud.served.forget(file["id"])
    if files.delete(cloud.store, file):
        cloud.contents.drop(file["digest"])
    return {"success": True}


def forget_downloads(cloud: Cloud, request: Request, _body: bytes) -> Any:
    """Start counting anew, e.g. before the next update in a test."""
    cloud.served.forget(files.get(cloud.store, request.path_params["file_id"])["id"])
    return {"success": True}


async def _form(request: Request) -> tuple[dict[str, Any], bytes]:
    """The texts of a multipart form, with the content's own `filename`, and the content. Raises Refusal."""
    try:
        form = await request.form()
    except HTTPException as error:
        raise Refusal(MALFORMED, str(error.detail)) from None
    content = form.get("file")
    if not isinstance(content, UploadFile):
        raise Refusal(INVALID, "file is missing: send a multipart form with the content as `file`")
    for name, value in form.multi_items():
        if name not in (*_TEXTS, "model_id", "file") or (name != "file" and not isinstance(value, str)):
            raise Refusal(INVALID, f"{name[:100]} is no text field of the form: {', '.join(_TEXTS)}, model_id")
    return {**form, "filename": content.filename}, await content.read()


def _shown(cloud: Cloud, file: dict[str, Any]) -> dict[str, Any]:
    sent = sum(download["bytes_sent"] for download in cloud.served.downloads(file["id"]))
    return (
        {name: file[name] for name in _SHOWN}
        | {"sha256": file["digest"], "created_at": iso_time(file["created_at"]), "bytes_sent": sent}
    )


ROUTES = [
    Route(f"{PREFIX}/files", upload, methods=["POST"]),
    control_route("GET", "/files", show_files),
    control_route("GET", "/files/{file_id}", show_file),
    control_route("DELETE", "/files/{file_id}", delete_file),
    control_route("PUT", "/files/{file_id}/blob", replace_content),
    control_route("DELETE", "/files/{file_id}/downloads", forget_downloads),
]
