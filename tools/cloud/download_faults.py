"""What faults do to downloads, on the wire and before: the actions of `faults.DOWNLOADS`.

They work on any answer, but a rule without `match` is for downloads only.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Message

from tools.cloud.spoilt import Spoilt


async def _ignore_range(spoilt: Spoilt) -> None:
    _replace_header(spoilt, b"range", None)
    await spoilt.app(spoilt.scope, spoilt.receive, spoilt.send)


async def _wrong_range(spoilt: Spoilt) -> None:
    """Another part than the one asked for, whatever Content-Range then says of it."""
    asked = dict(spoilt.scope["headers"]).get(b"range", b"bytes=0-").decode("latin-1")
    moved = re.sub(r"(?<==)\d+", lambda first: str(max(int(first[0]) + spoilt["by"], 0)), asked)
    _replace_header(spoilt, b"range", moved.encode("latin-1"))

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and spoilt["content_range"] != "moved":
            headers = [header for header in message["headers"] if header[0] != b"content-range"]
            if spoilt["content_range"] == "kept":
                headers += _as_asked(asked, message["headers"])
            message = message | {"headers": headers}
        await spoilt.send(message)

    await spoilt.app(spoilt.scope, spoilt.receive, send)


async def _cut(spoilt: Spoilt) -> None:
    """The answer up to some byte of its body, then silence, then the end of the connection."""
    left: int | None = None

    async def send(message: Message) -> None:
        nonlocal left
        if message["type"] == "http.response.start":
            left = _bytes_before_cut(spoilt, message)
        if message["type"] != "http.response.body":
            await spoilt.send(message)
            return
        if left is None:  # the connection has been cut: the rest goes nowhere
            return
        piece = message.get("body", b"")[:left]
        left -= len(piece)
        await spoilt.send({"type": "http.response.body", "body": piece, "more_body": True})
        if not left or not message.get("more_body"):
            left = None
            await asyncio.sleep(spoilt["hold_ms"] / 1000)
            await spoilt.hang_up(spoilt["reset"])

    await spoilt.app(spoilt.scope, spoilt.receive, send)


async def _wrong_length(spoilt: Spoilt) -> None:
    answer = await spoilt.perform()
    spoilt.write(answer, max(len(answer.body) + spoilt["by"], 0), answer.body)
    await spoilt.hang_up()


async def _redirect(spoilt: Spoilt) -> None:
    """To the same path at `to` ("" = relative, to this host); the hops are numbered, so that no URL comes twice."""
    query = spoilt.scope["query_string"].decode("latin-1")
    hop = re.fullmatch(r"hop=(\d{1,6})", query)
    location = f"{spoilt['to'].rstrip('/')}{spoilt.scope['path']}?hop={int(hop[1]) + 1 if hop else 1}"
    await Response(status_code=spoilt["status"], headers={"location": location})(
        spoilt.scope, spoilt.receive, spoilt.send
    )


async def _change_file(spoilt: Spoilt) -> None:
    spoilt.scope["change_file"] = spoilt.rule.parameters  # the download does it: only it knows of files
    await spoilt.app(spoilt.scope, spoilt.receive, spoilt.send)


def _bytes_before_cut(spoilt: Spoilt, start: Message) -> int:
    """Of the body. At random: drawn from the seed and how often the rule has been used, so the same every time."""
    if spoilt["at"] >= 0:
        return spoilt["at"]
    length = int(dict(start["headers"]).get(b"content-length", b"0"))
    highest = length if spoilt["within"] < 0 else min(spoilt["within"], length)
    return random.Random(f"{spoilt['seed']} {spoilt.rule.used}").randint(0, highest)


def _replace_header(spoilt: Spoilt, name: bytes, value: bytes | None) -> None:
    others = [header for header in spoilt.scope["headers"] if header[0] != name]
    spoilt.scope["headers"] = others + ([(name, value)] if value is not None else [])


def _as_asked(asked: str, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Content-Range as it had to be, around bytes that are not those."""
    true = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", dict(headers).get(b"content-range", b"").decode("latin-1"))
    first = re.match(r"bytes=(\d+)", asked)
    if true is None or first is None:
        return []
    last = int(first[1]) + int(true[2]) - int(true[1])
    return [(b"content-range", f"bytes {first[1]}-{last}/{true[3]}".encode())]


ACTIONS: dict[str, Callable[[Spoilt], Awaitable[None]]] = {
    "ignore_range": _ignore_range,
    "wrong_range": _wrong_range,
    "cut": _cut,
    "wrong_length": _wrong_length,
    "redirect": _redirect,
    "change_file": _change_file,
}
