"""What every device call but registration goes through: identity, rate limit, last seen, one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tools.cloud.answers import Refusal, json_answer
from tools.cloud.call import Call
from tools.cloud.records import devices, secret_keys
from tools.cloud.settings import Settings
from tools.cloud.state import Cloud
from tools.cloud.validation import parse_object

MAX_BODY_BYTES = 128 * 1024  # documented for telemetry; taken for every JSON body of a device

NOT_AUTHORIZED = "Not authorized"  # the documented words (dev.xyte.io device-authentication)


@dataclass
class DeviceCall(Call):
    """An authenticated call: `device` is its row."""

    device: dict[str, Any]

    def json(self, too_large_status: int = 413) -> dict[str, Any]:
        """The body as an object; raises Refusal."""
        if len(self.body) > MAX_BODY_BYTES:
            raise Refusal(too_large_status, f"The message is larger than {MAX_BODY_BYTES} bytes")
        return parse_object(self.body)

    def answer(self, value: dict[str, Any], status: int = 200) -> Response:
        """`value`, with device_id added when the settings put it into every answer."""
        if self.settings["device_id_in_answers"] == "all":
            value = value | {"device_id": self.device["id"]}
        return json_answer(value, status)


Handler = Callable[[DeviceCall], Response]
Limit = Callable[[DeviceCall], None]


def device_route(method: str, path: str, handler: Handler, limit: Limit | None = None) -> Route:
    """A route below /v1/devices/{id}: `path` is "" or starts with a slash.

    limit: counts the call and may refuse it, outside the transaction: a call that fails later has counted.
    """

    async def endpoint(request: Request) -> Response:
        cloud: Cloud = request.app.state.cloud
        body = await request.body()
        now = cloud.clock()
        device = admit(cloud, request.path_params["device_id"], request.headers.get("authorization", ""), now)
        call = DeviceCall(cloud, request, body, now, device)
        if limit:
            limit(call)
        with cloud.store.transaction():
            return handler(call)

    return Route(f"/v1/devices/{{device_id}}{path}", endpoint, methods=[method])


def admit(cloud: Cloud, device_id: str, key: str, now: float) -> dict[str, Any]:
    """The device of a call with this bare key, noted as seen; raises Refusal 401, deleted_status or 429."""
    device = devices.get(cloud.store, device_id)
    if device is None and devices.was_deleted(cloud.store, device_id):
        status = cloud.settings["deleted_status"]
        raise Refusal(status, "Not found" if status == 404 else NOT_AUTHORIZED)
    if device is None or not secret_keys.matches(key, device["access_digest"]):
        raise Refusal(401, NOT_AUTHORIZED)
    if not cloud.rate_limit.allows(device_id, cloud.settings["rate_limit_per_30s"], now):
        raise too_many(cloud.settings)
    devices.seen(cloud.store, device_id, now)
    return device


def too_many(settings: Settings) -> Refusal:
    """The 429 of any limit."""
    wait_s = settings["retry_after_s"]
    return Refusal(429, "Too Many Requests", {"Retry-After": str(wait_s)} if wait_s else None)
