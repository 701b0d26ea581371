"""What a fault does on the wire: it stands around the application and sees answers before the server does.

Two ways to answer: through the HTTP server, which keeps its books (status, chunked, delay, close_after), or
as bytes on the connection past it (raw, truncate, drip), after which the connection is closed.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tools.cloud import download_faults
from tools.cloud.answers import error_answer
from tools.cloud.faults import Faults
from tools.cloud.journal import kind_of
from tools.cloud.spoilt import OWN_FRAMING, Spoilt


class Faulty:
    """The application with the faults' rules around it. Only calls of devices are spoilt."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = None
        if scope["type"] == "http" and kind_of(scope["path"]) == "device":
            rule = self._faults.take(scope["method"], scope["path"])
        if rule is None:
            await self._app(scope, receive, send)
            return
        connection = scope.get("state", {}).get("connection")
        if connection is None:  # an in-process test client
            await error_answer(501, "Faults need a real connection")(scope, receive, send)
            return
        if "journal_entry" in scope:
            scope["journal_entry"]["fault"] = rule.action
        await asyncio.sleep(rule.delay_ms / 1000)
        await _ACTIONS[rule.action](Spoilt(rule, connection, self._app, scope, receive, send))


async def _status(spoilt: Spoilt) -> None:
    await spoilt.perform()
    body = spoilt["body"]
    text = (
        body if isinstance(body, str) else json.dumps({"error": "Fault on demand"} if body is None else body)
    )
    content = b"" if spoilt["status"] in (204, 304) else text.encode()
    headers = {"content-type": "application/json"} | {k.lower(): v for k, v in spoilt["headers"].items()}
    await Response(content, spoilt["status"], headers)(spoilt.scope, spoilt.receive, spoilt.send)


async def _close(spoilt: Spoilt) -> None:
    await spoilt.perform()
    await spoilt.hang_up(spoilt["reset"])


async def _close_after(spoilt: Spoilt) -> None:
    await spoilt.app(spoilt.scope, spoilt.receive, spoilt.send)
    if spoilt["reset"]:
        await asyncio.sleep(0.05)  # let the answer reach the peer: a reset discards what it has not read
        spoilt.connection.reset()
    else:
        spoilt.connection.close()


async def _delay(spoilt: Spoilt) -> None:
    await spoilt.app(spoilt.scope, spoilt.receive, spoilt.send)


async def _raw(spoilt: Spoilt) -> None:
    await spoilt.perform()
    spoilt.connection.write(spoilt["text"].encode() + base64.b64decode(spoilt["base64"]))
    await asyncio.sleep(spoilt["hold_ms"] / 1000)
    await spoilt.hang_up()


async def _truncate(spoilt: Spoilt) -> None:
    answer = await spoilt.perform()
    sent = len(answer.body) // 2 if spoilt["send"] < 0 else min(spoilt["send"], len(answer.body))
    spoilt.write(answer, len(answer.body), answer.body[:sent])
    await asyncio.sleep(spoilt["hold_ms"] / 1000)
    await spoilt.hang_up()


async def _chunked(spoilt: Spoilt) -> None:
    answer = await spoilt.perform()
    # Without a length the server frames by chunks, one for each message.
    headers = [header for header in answer.headers if header[0].lower() not in OWN_FRAMING]
    await spoilt.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for start in range(0, len(answer.body), spoilt["size"]):
        piece = answer.body[start : start + spoilt["size"]]
        await spoilt.send({"type": "http.response.body", "body": piece, "more_body": True})
    await spoilt.send({"type": "http.response.body", "body": b""})


async def _drip(spoilt: Spoilt) -> None:
    answer = await spoilt.perform()
    data = answer.head(len(answer.body)) + answer.body
    head = len(data) - len(answer.body)
    for start in range(0, len(data), spoilt["size"]):
        if spoilt.connection.closing:
            break
        spoilt.connection.write(data[start : start + spoilt["size"]])
        spoilt.count(min(max(start + spoilt["size"] - head, 0), spoilt["size"], len(data) - start))
        await asyncio.sleep(spoilt["every_ms"] / 1000)
    await spoilt.hang_up()


_ACTIONS: dict[str, Callable[[Spoilt], Awaitable[None]]] = {
    "status": _status,
    "close": _close,
    "close_after": _close_after,
    "delay": _delay,
    "raw": _raw,
    "truncate": _truncate,
    "chunked": _chunked,
    "drip": _drip,
    **download_faults.ACTIONS,
}
