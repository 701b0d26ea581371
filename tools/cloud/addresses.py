"""URLs that callers are told, made from the address that they called."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request

from tools.cloud.state import Cloud

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?", re.ASCII)


def called_host(request: Request) -> str:
    """Host and port as the caller named them; as they are when it named none, or something that is no host."""
    host = request.headers.get("host", "")
    if _HOST.fullmatch(host):  # HTTP/1.0 may come without, and nothing else belongs into a URL
        return host
    name, port = request.scope["server"]
    return (f"[{name}]" if ":" in name else name) + (f":{port}" if port else "")


def from_template(template: str, request: Request) -> str:
    """`template` with {scheme} and {host} replaced by what the caller used."""
    return template.replace("{scheme}", request.url.scheme).replace("{host}", called_host(request))


def file_url(cloud: Cloud, request: Request, file_id: str) -> str:
    """Where the caller can download a file: the file host of the settings, else of the command line, else here."""
    base = from_template(cloud.settings["file_host"] or cloud.file_host or "{scheme}://{host}", request)
    return f"{base.rstrip('/')}/files/{file_id}/blob"


def told_parameters(cloud: Cloud, request: Request, command: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a command; one with a file has its `url` too, for where it is depends on who asks."""
    parameters = json.loads(command["parameters"])
    if command["file_id"] is None:
        return parameters
    return {"url": file_url(cloud, request, command["file_id"])} | parameters
