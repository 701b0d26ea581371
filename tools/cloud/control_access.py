"""What every call of the panel goes through: this machine only, or an operator key; one transaction."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tools.cloud.answers import json_answer
from tools.cloud.operator_api import access
from tools.cloud.state import Cloud

PREFIX = "/_cloud"

Handler = Callable[[Cloud, Request, bytes], Any]


def control_route(method: str, path: str, handler: Handler, status: int = 200) -> Route:
    """A route below /_cloud; the handler's value becomes the JSON of the answer."""

    async def endpoint(request: Request) -> Response:
        cloud: Cloud = request.app.state.cloud
        body = await request.body()
        admit(cloud, request)
        with cloud.store.transaction():
            return json_answer(handler(cloud, request, body), status)

    return Route(f"{PREFIX}{path}", endpoint, methods=[method])


def admit(cloud: Cloud, request: Request) -> None:
    """Raises Refusal(401) for a caller on another machine without an operator key."""
    if not _is_local(request):
        access.admit(cloud, request)


def _is_local(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
