"""What every operator call goes through: the organization's key, paging, one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tools.cloud.answers import Refusal, json_answer
from tools.cloud.call import Call
from tools.cloud.records import commands, devices, organizations
from tools.cloud.state import Cloud
from tools.cloud.validation import parse_object, whole_number

PREFIX = "/core/v1/organization"


@dataclass
class OperatorCall(Call):
    """A call by `organization` (id, name)."""

    organization: dict[str, Any]

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query_params)

    def json(self) -> dict[str, Any]:
        return parse_object(self.body)

    def device(self) -> dict[str, Any]:
        """The device that the path names; Refusal(404) unless this organization owns it."""
        device = devices.get(self.store, self.request.path_params["device_id"])
        if device is None or device["organization_id"] != self.organization["id"]:
            hint = " (it is registered but not claimed: POST devices/claim)" if _unclaimed(device) else ""
            raise Refusal(404, f"Device not found{hint}")
        return device


@dataclass(frozen=True)
class Page:
    """One page of a list, by Xyte's `page` (from 1) and `per_page`; too many per page gives 422."""

    number: int
    size: int

    @classmethod
    def asked(cls, query: dict[str, str], highest: int = 100) -> Page:
        number = whole_number(query.get("page", "1"), "page", 1, 10**6)
        return cls(number, whole_number(query.get("per_page", "100"), "per_page", 1, highest))

    @property
    def limit(self) -> int:
        """One more than fits: its presence says that there is a next page."""
        return self.size + 1

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def answer(self, found: list[dict[str, Any]]) -> Response:
        """`found` are up to `limit` shaped rows. The envelope has the keys of older and of newer pages."""
        more = len(found) > self.size
        return json_answer(
            {
                "items": found[: self.size],
                "next_page": self.number + 1 if more else None,
                "has_next_page": more,
            }
        )


Handler = Callable[[OperatorCall], Response]


def operator_route(method: str, path: str, handler: Handler) -> Route:
    """A route below /core/v1/organization; `path` starts with a slash."""

    async def endpoint(request: Request) -> Response:
        cloud: Cloud = request.app.state.cloud
        body = await request.body()
        organization = admit(cloud, request)
        now = cloud.clock()
        with cloud.store.transaction():
            commands.expire(cloud.store, cloud.settings["command_timeout_from"], now)
            return handler(OperatorCall(cloud, request, body, now, organization))

    return Route(PREFIX + path, endpoint, methods=[method])


def admit(cloud: Cloud, request: Request) -> dict[str, Any]:
    """The organization of the call's bare key; Refusal(401)."""
    organization = organizations.of_key(cloud.store, request.headers.get("authorization", ""))
    if organization is None:
        raise Refusal(401, "Not authorized")
    return organization


def _unclaimed(device: dict[str, Any] | None) -> bool:
    return device is not None and device["organization_id"] is None
