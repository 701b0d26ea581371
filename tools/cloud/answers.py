"""How the cloud answers: JSON always, and refusals as exceptions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """The call is refused; becomes `status` with the body {"error": message}.

    The form of the body is the one seen in registration and telemetry answers.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as a JSON answer; a 204 carries no body, whatever the value."""
    if status == 204:
        return Response(status_code=204, headers=dict(headers or {}))
    return JSONResponse(value, status_code=status, headers=dict(headers or {}))


def error_answer(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return json_answer({"error": message}, status, headers)


def refusal_answer(refusal: Refusal) -> Response:
    return error_answer(refusal.status, refusal.message, refusal.headers)


def iso_time(seconds: float | None) -> str | None:
    """Unix seconds as ISO 8601 UTC with milliseconds, the form of all samples; None stays None."""
    if seconds is None:
        return None
    whole_ms = math.floor(seconds * 1000)
    moment = datetime.fromtimestamp(whole_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{whole_ms % 1000:03d}Z"
