"""Device histories."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from tools.cloud import defaults
from tools.cloud.answers import Refusal, iso_time
from tools.cloud.operator_api.access import OperatorCall, Page, operator_route
from tools.cloud.records import telemetry
from tools.cloud.validation import INVALID, one_of, whole_number

_DAY_S = 24 * 3600
_DEFAULT_WINDOW_S = 7 * _DAY_S
_LONGEST_WINDOW_S = 31 * _DAY_S
_MAX_PER_PAGE = 1000
_STATUSES = ("online", "offline", "unavailable", "error")


def device_histories(call: OperatorCall) -> Response:
    query = call.query
    page = Page.asked(query, _MAX_PER_PAGE)
    since, until = _window(query, call.now)
    rows = telemetry.histories(call.store, _wanted(call), since, until, page.limit, page.offset)
    return page.answer([_row(row) for row in rows])


def _window(query: dict[str, str], now: float) -> tuple[float, float]:
    """`from` and `to`, Unix seconds, both included; by default the last week."""
    until = whole_number(query["to"], "to") if "to" in query else now
    since = whole_number(query["from"], "from") if "from" in query else until - _DEFAULT_WINDOW_S
    if not 0 <= until - since <= _LONGEST_WINDOW_S:
        raise Refusal(INVALID, "from must be before to, by at most 31 days")
    return since, until


def _wanted(call: OperatorCall) -> dict[str, Any]:
    """Column of the devices table -> value asked for."""
    query = call.query
    wanted: dict[str, Any] = {"organization_id": call.organization["id"]}
    if "status" in query:
        wanted["status"] = one_of(query["status"], _STATUSES, "status")
    if "space_id" in query:
        wanted["space_id"] = whole_number(query["space_id"], "space_id")
    if "device_id" in query:
        wanted["id"] = query["device_id"]
    if "name" in query:
        wanted["name"] = query["name"]
    return wanted


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "uuid": row["uuid"],
        "name": row["name"],
        "model": row["model"],
        "partner": defaults.PARTNER_NAME,
        "space_id": row["space_id"],
        "state": json.loads(row["state"]),
        "created_at": iso_time(row["created_at"]),
    }


ROUTES = [operator_route("GET", "/devices/histories", device_histories)]
