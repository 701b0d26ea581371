"""Checks on what callers send. Every function returns the value or raises Refusal with a text for humans."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NoReturn

from tools.cloud.answers import Refusal

INVALID = 422  # "parameter missing or invalid", the documented status of the operator API
MALFORMED = 400

MAX_STRING_BYTES = 1000  # dev.xyte.io send-telemetry, newer page
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
MAX_DEPTH = 64  # ours: far above any sane body, far below what recursion can take
FLOAT32_LIMIT = (2 - 2**-24) * 2.0**127  # first magnitude that rounds to infinity in 32 bits

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_YEAR_9999 = 253_370_764_800  # Unix seconds; later times cannot be written as ISO 8601 again
_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def parse_json(body: bytes) -> Any:
    """The JSON value in `body`, strictly: no NaN, no infinity, no text that is not UTF-8.

    Raises Refusal(400). The content type is not looked at: small clients forget it.
    """
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=_finite)
        if _deeper_than(value, MAX_DEPTH):
            raise ValueError("nested too deeply")
        json.dumps(value, ensure_ascii=False).encode()  # a lone \ud800 parses, but is no text
    except RecursionError:
        raise Refusal(MALFORMED, "Malformed JSON: nested too deeply") from None
    except ValueError as error:
        raise Refusal(MALFORMED, f"Malformed JSON: {str(error)[:120]}") from None
    return value


def parse_object(body: bytes) -> dict[str, Any]:
    """As parse_json, and the value must be an object."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise Refusal(MALFORMED, "The body must be a JSON object")
    return value


def text_field(body: dict[str, Any], name: str, status: int = INVALID) -> str | None:
    """`body[name]` as text of at most 1000 bytes; absent or null gives None."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refusal(status, f"{name} must be a string")
    if len(value.encode()) > MAX_STRING_BYTES:
        raise Refusal(status, f"{name} is longer than {MAX_STRING_BYTES} bytes")
    return value


def required_text(body: dict[str, Any], name: str, status: int = INVALID) -> str:
    """As text_field, but the field must be there and not be empty."""
    value = text_field(body, name, status)
    if not value:
        raise Refusal(status, f"{name} is missing")
    return value


def object_field(body: dict[str, Any], name: str, status: int = INVALID) -> dict[str, Any] | None:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refusal(status, f"{name} must be an object")
    return value


def boolean_field(body: dict[str, Any], name: str, status: int = INVALID) -> bool:
    """`body[name]` as a boolean; absent or null gives False."""
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Refusal(status, f"{name} must be true or false")
    return value


def one_of(value: str, allowed: tuple[str, ...], name: str) -> str:
    if value not in allowed:
        raise Refusal(INVALID, f"{name} must be one of: {', '.join(allowed)}")
    return value


def whole_number(value: Any, name: str, lowest: int = 0, highest: int = 10**12) -> int:
    """A whole number from JSON or from a query string, within [lowest, highest]."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise Refusal(INVALID, f"{name} must be a whole number from {lowest} to {highest}")
    return value


def moment(text: str, name: str) -> float:
    """An ISO 8601 time as Unix seconds; without an offset it is taken as UTC."""
    try:
        value = datetime.fromisoformat(text)
        seconds = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Refusal(INVALID, f"{name} must be an ISO 8601 time") from None
    if not 0 <= seconds < _YEAR_9999:
        raise Refusal(INVALID, f"{name} must be a time from the year 1970 on")
    return seconds


def telemetry_values(values: dict[str, Any]) -> dict[str, Any]:
    """Flat telemetry: int32, float32, boolean, string of at most 1000 bytes, or null."""
    for key, value in values.items():
        if not key or len(key.encode()) > MAX_STRING_BYTES:
            raise Refusal(INVALID, f"a telemetry key must have 1 to {MAX_STRING_BYTES} bytes")
        problem = _telemetry_problem(value)
        if problem:
            raise Refusal(INVALID, f"telemetry {key[:60]!r}: {problem}")
    return values


def _telemetry_problem(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return "string is longer than 1000 bytes" if len(value.encode()) > MAX_STRING_BYTES else None
    if isinstance(value, int):
        return None if INT32_MIN <= value <= INT32_MAX else "integer does not fit into 32 bits"
    if isinstance(value, float):
        return None if abs(value) < FLOAT32_LIMIT else "number does not fit into a 32-bit float"
    return "must be a number, boolean, string or null"


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value
