"""The HTTP server's protocol, with what uvicorn does not offer: the connection within reach of a call."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tools.cloud.answers import error_answer
from tools.cloud.connections import Connection
from tools.cloud.state import Cloud


class CloudProtocol(H11Protocol):
    """One connection. Calls find it as scope["state"]["connection"], and the name of its listener beside it;
    keep-alive follows the settings.
    """

    def __init__(
        self,
        cloud: Cloud,
        listener: str,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "listener": listener}, _loop)
        self._cloud = cloud
        self._connection: Connection | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connection = self._cloud.connections.opened(transport, self._is_idle)
        self.app_state["connection"] = self._connection

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._cloud.connections.lost(self._connection)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self.timeout_keep_alive = self._cloud.settings["keep_alive_s"]
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """For bytes that are no HTTP; in JSON, as every other refusal."""
        answer = error_answer(400, msg, {"connection": "close"})
        events: list[h11.Event] = [
            h11.Response(status_code=400, headers=answer.raw_headers, reason=b"Bad Request"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # not when the answer is under way already
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self._hang_up()

    def shutdown(self) -> None:
        if self._is_idle():
            self._hang_up()
        else:
            super().shutdown()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
