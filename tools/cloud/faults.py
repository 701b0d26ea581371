"""Faults on demand: which answers shall go wrong, and how. What happens on the wire is in fault_actions."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import asdict, dataclass, field
from typing import Any


class FaultError(ValueError):
    """A rule that makes no sense; the text says why."""


# action -> (its parameters with their defaults, whether the call is carried out by default)
ACTIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "status": ({"status": 503, "body": None, "headers": {}}, False),
    "close": ({"reset": False}, False),
    "close_after": ({"reset": False}, True),
    "delay": ({}, True),
    "raw": ({"text": "", "base64": "", "hold_ms": 0}, False),
    "truncate": ({"send": -1, "hold_ms": 0}, True),
    "chunked": ({"size": 16}, True),
    "drip": ({"size": 1, "every_ms": 50}, True),
    "ignore_range": ({}, True),
    "wrong_range": ({"by": 16, "content_range": "moved"}, True),
    "cut": ({"at": -1, "within": -1, "seed": 0, "hold_ms": 0, "reset": False}, True),
    "wrong_length": ({"by": 1}, True),
    "redirect": ({"to": "", "status": 302}, False),
    "change_file": ({"to": "", "keep_etag": False}, True),
}
# Made for downloads: without `match` a rule leaves all other calls alone.
DOWNLOADS = ("ignore_range", "wrong_range", "cut", "wrong_length", "redirect", "change_file")
_DOWNLOAD_PATH = "/files/"
_COMMON: dict[str, Any] = {"match": {}, "action": "", "count": 1, "skip": 0, "delay_ms": 0, "perform": False}
_MATCH = ("method", "path", "path_regex")
_HIGHEST = 10**7  # of any number in a rule
_BASE_URL = re.compile(r"(https?://[!-~]+)?")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass
class Rule:
    """One rule. count: how many requests it still spoils (-1 = all that come). skip: how many it lets pass
    before. perform: the call is carried out although its answer is spoilt or lost. used: how often it was.
    """

    match: dict[str, str]
    action: str
    count: int
    skip: int
    delay_ms: int
    perform: bool
    parameters: dict[str, Any] = field(default_factory=dict)
    used: int = 0

    def fits(self, method: str, path: str) -> bool:
        wanted = self.match
        return (
            wanted.get("method", method).upper() == method
            and wanted.get("path", "") in path
            and re.search(wanted.get("path_regex", ""), path) is not None
        )

    def shown(self) -> dict[str, Any]:
        """As it could be sent again."""
        shown = asdict(self)
        del shown["used"]
        return shown | shown.pop("parameters")


def parse(value: Any) -> Rule:
    """A rule from its JSON; raises FaultError."""
    if not isinstance(value, dict) or value.get("action") not in tuple(ACTIONS):
        raise FaultError(f"a rule is an object whose action is one of: {', '.join(ACTIONS)}")
    defaults, performs = ACTIONS[value["action"]]
    allowed = {**_COMMON, "perform": performs, **defaults}
    for name, given in value.items():
        if name not in allowed:
            raise FaultError(f"{value['action']} has no {name!r}; it has: {', '.join(allowed)}")
        _check(name, given, allowed[name])
    filled = allowed | value
    if value["action"] in DOWNLOADS and not filled["match"]:
        filled["match"] = {"path": _DOWNLOAD_PATH}
    _check_match(filled["match"])
    _check_parameters(filled)
    return Rule(
        **{name: filled[name] for name in _COMMON},
        parameters={name: filled[name] for name in defaults},
    )


class Faults:
    """The rules in force; the first that fits a request is spent on it."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def take(self, method: str, path: str) -> Rule | None:
        """The rule that spoils this request, or None; path without query."""
        for rule in self.rules:
            if rule.count == 0 or not rule.fits(method, path):
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            rule.count -= rule.count > 0
            rule.used += 1
            return rule
        return None


def _check(name: str, given: Any, default: Any) -> None:
    if default is not None and type(given) is not type(default):
        raise FaultError(f"{name} must be of the type of {default!r}")
    if isinstance(given, int) and not -1 <= given <= _HIGHEST:
        raise FaultError(f"{name} must be from -1 to {_HIGHEST}")


def _check_match(match: dict[str, Any]) -> None:
    for name, value in match.items():
        if name not in _MATCH or not isinstance(value, str):
            raise FaultError(f"match has texts named: {', '.join(_MATCH)}")
    try:
        re.compile(match.get("path_regex", ""))
    except re.error as error:
        raise FaultError(f"path_regex: {error}") from None


def _check_parameters(filled: dict[str, Any]) -> None:
    if not 200 <= filled.get("status", 200) <= 599:
        raise FaultError("status must be from 200 to 599")
    if filled.get("size", 1) < 1:
        raise FaultError("size must be at least 1")
    if filled.get("content_range", "moved") not in ("moved", "kept", "absent"):
        raise FaultError("content_range must be one of: moved, kept, absent")
    if filled["action"] == "redirect" and not _BASE_URL.fullmatch(filled["to"]):
        raise FaultError("to must be a base URL, as https://127.0.0.1:8444, or empty for the same host")
    if filled["action"] == "change_file" and not filled["to"]:
        raise FaultError("to must be the id of the file whose content it takes")
    for name, value in filled.get("headers", {}).items():
        if name.lower() in ("content-length", "transfer-encoding"):
            raise FaultError(f"{name} is not yours to set: see truncate, chunked and raw")
        if (
            not _HEADER_NAME.fullmatch(name)
            or not isinstance(value, str)
            or not value.isascii()
            or not value.isprintable()
        ):
            raise FaultError("headers must be ASCII texts of one line each")
    try:
        base64.b64decode(filled.get("base64", ""), validate=True)
    except binascii.Error:
        raise FaultError("base64 is not base64") from None
