"""Asks a board all that can be wrong with it, in the order of what depends on what."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator

from tools.serial import diagnosis
from tools.serial.diagnosis import FAIL, Finding
from tools.serial.repl import BoardError, Repl

_ALONE = ("firmware", "chip", "partitions", "rollback", "slots", "agent", "heaps", "stores", "identity", "settings")
_ENTRY = "https://entry.xyte.io"
_WIFI_MS = 15000
_LONGEST_S = 120


def examine(repl: Repl, network: bool = True) -> Iterator[Finding]:
    """Findings as they are made. network: also what the board reaches. Raises PortError when the board is lost."""
    facts: dict = {}
    for name in _ALONE:
        question = "partitions" if name == "rollback" else name
        try:
            facts[name] = repl.call("state", question)
            if name == "chip":
                facts[name]["reset_cause"] = repl.reset_cause
            if name == "heaps":
                facts[name]["program"] = repl.used
            yield getattr(diagnosis, name)(facts[name])
        except (BoardError, LookupError, TypeError) as error:
            yield Finding(name, FAIL, _short(error), "")
    settings = facts.get("settings", {})
    cas = settings.get("ca_files") or []
    yield from _asked("certificates", lambda: diagnosis.certificates(
        repl.call("reach", "certificates", cas), datetime.datetime.now(datetime.UTC)))
    if network and not settings.get("fault"):
        hubs = facts.get("identity", {}).get("hubs") or []
        yield from _reach(repl, [settings.get("entry_url", _ENTRY), *hubs], cas)


def _reach(repl: Repl, urls: list[str], cas: list[str]) -> Iterator[Finding]:
    try:
        link = repl.call("reach", "own_link")
        finding = diagnosis.own_link(link) if link else None
        if not link:
            link = repl.call("reach", "wifi", _WIFI_MS, timeout_s=_LONGEST_S)
            finding = diagnosis.wifi(link)
    except BoardError as error:
        yield Finding("wifi", FAIL, _short(error), "")
        return
    yield finding
    if not link["address"]:
        return
    yield from _asked("clock", lambda: [diagnosis.clock(repl.call("reach", "clock"), time.time())])
    seen = set()
    for name, url in zip(("entry", "hub", "hub"), urls, strict=False):
        host, port, secure = diagnosis.host_of(url)
        if (host, port) in seen:
            continue
        seen.add((host, port))
        found = diagnosis.resolved(name, host, repl.call("reach", "resolve", host, timeout_s=_LONGEST_S))
        yield found
        if found.verdict == FAIL:
            continue
        answer = repl.call("reach", "handshake", host, port, cas, timeout_s=_LONGEST_S) if secure else \
            repl.call("reach", "connection", host, port, timeout_s=_LONGEST_S)
        yield diagnosis.reached(name, url, answer)


def _asked(name: str, ask: Callable[[], list[Finding]]) -> Iterator[Finding]:
    try:
        yield from ask()
    except BoardError as error:
        yield Finding(name, FAIL, _short(error), "")


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
