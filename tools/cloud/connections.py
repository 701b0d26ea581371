"""The TCP connections that are open now, numbered, so that tests can tell and close them."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
from collections.abc import Callable

# After close_notify a TLS peer may keep the TCP connection half open for 30 s; servers do not wait that long.
_LINGER_S = 0.2
_FLUSH_TRIES = 50


class Connection:
    """One accepted connection.

    number: counts from 1 over both listeners. idle: tells whether no request is being answered on it.
    lost: the transport is gone.
    """

    def __init__(self, number: int, transport: asyncio.Transport, idle: Callable[[], bool]) -> None:
        self.number = number
        self.idle = idle
        self.lost = False
        self._transport = transport

    @property
    def closing(self) -> bool:
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Bytes past the HTTP server, which then knows nothing of them: close the connection afterwards."""
        self._transport.write(data)

    def close(self) -> None:
        """Send what is written, say goodbye, hang up; over TLS without waiting for the peer's goodbye."""
        self._transport.close()
        self._hang_up_later(_FLUSH_TRIES)

    def reset(self) -> None:
        """Hang up at once with a TCP reset, as a crashed peer or a firewall does."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _hang_up_later(self, tries: int) -> None:
        asyncio.get_running_loop().call_later(_LINGER_S, self._hang_up, tries)

    def _hang_up(self, tries: int) -> None:
        if self.lost:  # the peer was quicker; asyncio's TLS transport is no longer usable then
            return
        if tries and self._transport.get_write_buffer_size():  # the peer reads slowly: let it have the rest
            self._hang_up_later(tries - 1)
        else:
            self._transport.abort()


class Connections:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, Connection] = {}

    def opened(self, transport: asyncio.Transport, idle: Callable[[], bool]) -> Connection:
        connection = Connection(next(self._numbers), transport, idle)
        self._open[connection.number] = connection
        return connection

    def lost(self, connection: Connection) -> None:
        connection.lost = True
        self._open.pop(connection.number, None)

    def close_idle(self) -> int:
        """Close every connection that waits for its next request; returns how many."""
        idle = [
            connection for connection in self._open.values() if connection.idle() and not connection.closing
        ]
        for connection in idle:
            connection.close()
        return len(idle)
