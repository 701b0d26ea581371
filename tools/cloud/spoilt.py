"""A request under a fault's rule, and its answer held back: what the actions of faults work on."""

from __future__ import annotations

import http
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tools.cloud.answers import error_answer
from tools.cloud.connections import Connection
from tools.cloud.faults import Rule

OWN_FRAMING = (b"content-length", b"transfer-encoding", b"connection")


@dataclass
class Answer:
    """A whole answer of the application, held back."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def collect(self, message: Message) -> None:
        """An ASGI `send`."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def head(self, length: int) -> bytes:
        """The head that goes past the server; always the last answer on its connection."""
        lines = [b"HTTP/1.1 %d %s" % (self.status, http.HTTPStatus(self.status).phrase.encode())]
        lines += [b"%s: %s" % header for header in self.headers if header[0].lower() not in OWN_FRAMING]
        lines += [b"content-length: %d" % length, b"connection: close"]
        return b"\r\n".join(lines) + b"\r\n\r\n"


@dataclass
class Spoilt:
    """One request under a rule; `connection` is the one it came on."""

    rule: Rule
    connection: Connection
    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send

    def __getitem__(self, name: str) -> Any:
        return self.rule.parameters[name]

    async def perform(self) -> Answer:
        """Let the application answer, and keep the answer back; without performing the call it is a 503."""
        answer = Answer()
        app = self.app if self.rule.perform else error_answer(503, "Fault on demand")
        await app(self.scope, self.receive, answer.collect)
        return answer

    def write(self, answer: Answer, length: int, body: bytes) -> None:
        """Send the answer's head, which promises `length` bytes, and `body` past the server, and count it."""
        self.connection.write(answer.head(length) + body)
        self.count(len(body))

    def count(self, sent: int) -> None:
        """Note bytes of a body that went past the server and so past the journal's own count."""
        if "journal_entry" in self.scope:
            self.scope["journal_entry"]["sent"] += sent

    async def hang_up(self, reset: bool = False) -> None:
        """Close the connection and wait until it is lost, or the server would add an answer of its own."""
        if reset:
            self.connection.reset()
        else:
            self.connection.close()
        while (await self.receive())["type"] != "http.disconnect":
            pass
