"""The last requests as they were received, secrets masked, for tests and for people."""

from __future__ import annotations

import re
from collections import deque
from typing import Any

from tools.cloud.answers import Refusal
from tools.cloud.records.secret_keys import hint
from tools.cloud.validation import parse_json

KEPT = 1000
TEXT_LIMIT_BYTES = 64 * 1024  # of a body that is no JSON

# Every field that carries a secret in some call: registration, mass telemetry, and the panel's own.
_SECRET_FIELDS = ("hardware_key", "access_key", "access_token", "key")
# In a body that does not parse a secret is masked by its looks, up to a closing quote that may be missing.
_SECRET_TEXT = re.compile(rf'(["\']?(?:{"|".join(_SECRET_FIELDS)})["\']?\s*[:=]\s*["\']?)([^"\'\s,}}&]*)')


class Journal:
    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._last = 0

    def add(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Give `entry` the next number, keep it; the caller may still fill in what is not known yet."""
        self._last += 1
        entry = {"seq": self._last, **entry}
        self._entries.append(entry)
        return entry

    def entries(self, since: int, limit: int, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
        """The newest `limit` entries of `kinds` with a number above `since`, oldest of them first."""
        found = [entry for entry in self._entries if entry["seq"] > since and entry["kind"] in kinds]
        return found[-limit:] if limit else []

    def clear(self) -> None:
        """Forget the entries; numbers go on counting."""
        self._entries.clear()


def kind_of(path: str) -> str:
    """ "control", "operator" or "device": by whom a path is meant to be called."""
    if path == "/_cloud" or path.startswith("/_cloud/"):
        return "control"
    return "operator" if path.startswith("/core/") else "device"


def shown_headers(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; a repeated header's values are joined with a comma, keys are masked."""
    shown: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        value = hint(value) if name == "authorization" and value else value
        shown[name] = f"{shown[name]}, {value}" if name in shown else value
    return shown


def shown_body(body: bytes) -> Any:
    """The JSON value, or the text as far as it is text; secrets masked; None for no body."""
    if not body:
        return None
    try:
        return _masked(parse_json(body))
    except Refusal:
        text = body[:TEXT_LIMIT_BYTES].decode(errors="replace")
        return _SECRET_TEXT.sub(lambda match: match[1] + hint(match[2]), text)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: hint(field) if name in _SECRET_FIELDS and isinstance(field, str) else _masked(field)
            for name, field in value.items()
        }
    return [_masked(item) for item in value] if isinstance(value, list) else value
