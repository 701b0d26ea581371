"""From sockets to the application: all listeners on one loop, until a signal ends them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import signal
import socket
import ssl
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import uvicorn

from tools.cloud.app import build
from tools.cloud.state import Cloud
from tools.cloud.wire import CloudProtocol

_SHUTDOWN_S = 1  # for answers under way when the signal comes
_PORT_TRIES = 20


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on `host`; port 0 = any free one. Raises OSError, EADDRINUSE when the port is busy.

    "localhost" means 127.0.0.1 to one client and ::1 to the next, so the default host listens on both.
    """
    if host not in ("127.0.0.1", "localhost"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [_listener(family, host, port)]
    for tries_left in reversed(range(_PORT_TRIES)):
        first = _listener(socket.AF_INET, "127.0.0.1", port)
        try:
            return [first, _listener(socket.AF_INET6, "::1", first.getsockname()[1])]
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return [first]  # no IPv6 on this machine
            first.close()
            if port or not tries_left:
                raise
    raise AssertionError("unreachable")


def port_of(sockets: list[socket.socket]) -> int:
    return sockets[0].getsockname()[1]


@dataclass(frozen=True)
class Listener:
    """name: in the journal. tls: None = plain HTTP. file_host: it serves downloads and nothing else."""

    name: str
    sockets: list[socket.socket]
    tls: ssl.SSLContext | None = None
    file_host: bool = False


async def serve(cloud: Cloud, listeners: list[Listener], ready: str, verbose: bool = False) -> None:
    """Serve until a signal comes; prints `ready` when all listeners accept."""
    servers = [_server(build(cloud, verbose, listener.file_host), cloud, listener) for listener in listeners]
    _stop_on_signals(servers)
    tasks = [
        asyncio.create_task(server.serve(listener.sockets))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    while not all(server.started for server in servers) and not any(task.done() for task in tasks):
        await asyncio.sleep(0.005)
    if all(server.started for server in servers):
        print(ready, flush=True)
    await asyncio.gather(*tasks)


class _Server(uvicorn.Server):
    """Leaves signals alone: there are several servers and only one can have them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _server(app: Any, cloud: Cloud, listener: Listener) -> _Server:
    protocol: Any = functools.partial(CloudProtocol, cloud, listener.name)
    tls = listener.tls
    return _Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            log_config=None,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=_SHUTDOWN_S,
            ssl_context_factory=(lambda _config, _default: tls) if tls else None,
        )
    )


def _stop_on_signals(servers: list[_Server]) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            loop.add_signal_handler(number, stop)


def _listener(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # By name: asyncio turns Nagle's delay (40 ms an answer) off only for sockets that say they are TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
