"""The outermost layer of the application: takes in the whole request and writes it into the journal."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tools.cloud.answers import error_answer
from tools.cloud.journal import kind_of, shown_body, shown_headers
from tools.cloud.state import Cloud

MAX_BODY_BYTES = 16 * 1024 * 1024  # of any call; single calls have limits of their own


class Recorder:
    """Wraps the application. verbose: also print a line for every request when it is answered."""

    def __init__(self, app: ASGIApp, cloud: Cloud, verbose: bool = False) -> None:
        self._app = app
        self._cloud = cloud
        self._verbose = verbose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        entry = self._cloud.journal.add(_seen(scope, self._cloud.clock()))
        scope["journal_entry"] = entry
        body = await _read(receive)
        entry["body"] = None if body is None else _shown(entry, body)
        connection = scope.get("state", {}).get("connection")

        async def note_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            elif connection is None or not connection.closing:  # what comes later is lost, and not counted
                entry["sent"] += len(message.get("body", b""))
            await send(message)

        if body is None:
            await error_answer(413, "Body too large", {"connection": "close"})(scope, receive, note_and_send)
        else:
            await self._app(scope, _replay(body, receive), note_and_send)
        if self._verbose:
            _print(entry)


def _seen(scope: Scope, now: float) -> dict[str, Any]:
    """What is known of a request before its body has come and before it is answered."""
    connection = scope.get("state", {}).get("connection")
    url = Request(scope).url
    return {
        "time": now,
        "kind": kind_of(scope["path"]),
        "method": scope["method"],
        "path": url.path + (f"?{url.query}" if url.query else ""),
        "headers": shown_headers(scope["headers"]),
        "body": None,
        "connection": connection and connection.number,
        "listener": scope.get("state", {}).get("listener", scope["scheme"]),
        "status": None,
        "sent": 0,
        "fault": None,
    }


def _shown(entry: dict[str, Any], body: bytes) -> Any:
    """The body for the journal; of an upload no more than its length."""
    if entry["headers"].get("content-type", "").startswith("multipart/"):
        return f"(a form of {len(body)} bytes)"
    return shown_body(body)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or what came of it before the peer hung up; None when it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again


def _print(entry: dict[str, Any]) -> None:
    status = "no answer" if entry["status"] is None else entry["status"]
    fault = f" (fault: {entry['fault']})" if entry["fault"] else ""
    print(
        f"{entry['listener']} #{entry['connection']} {entry['method']} {entry['path']} {status}{fault}",
        flush=True,
    )
