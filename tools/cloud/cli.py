"""The command `python -m tools cloud`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import fcntl
import ipaddress
import socket
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import failures
from tools.cloud import certificates
from tools.cloud.server import Listener, listen, port_of, serve
from tools.cloud.settings import parse_assignment
from tools.cloud.state import Cloud
from tools.options import tcp_port

HELP = "run a local Xyte cloud: device API, operator API, faults on demand"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="database and certificates, made when absent")
    add("--http", type=tcp_port, default=8080, metavar="PORT", help="0 = any free one (default 8080)")
    add("--https", type=tcp_port, default=8443, metavar="PORT", help="0 = any free one (default 8443)")
    add("--files", type=tcp_port, metavar="PORT", help="serve downloads on a host of their own, https://127.0.0.1:PORT")
    add("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1, with ::1)")
    add("--name", default="", help="name or address under which boards on the network find this machine; goes into "
        "the certificates of a new --data")
    kinds, versions = certificates.KINDS, tuple(certificates.TLS_VERSIONS)
    add("--certificate", choices=kinds, default="good", help="what to show; boards must refuse all but good")
    add("--tls-max", choices=versions, default="1.3", help="highest TLS version offered (default 1.3)")
    text = "change a setting and keep it, as PUT /_cloud/settings does; may be repeated"
    add("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", help=text)
    add("--verbose", action="store_true", help="print a line for every request")


class _CannotStart(Exception):
    """The text says why and what to do."""


@failures.told("cloud", _CannotStart, ValueError, OSError)
def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes; 0 then, 1 with a message on stderr when it cannot start."""
    try:
        changes = dict(map(parse_assignment, args.settings))
        with _exclusive(args.data), contextlib.closing(Cloud(args.data)) as cloud:
            cloud.settings.change(changes)
            return _serve(args, cloud)
    except sqlite3.Error as error:
        raise _CannotStart(f"{args.data}: its database cannot be used: {error}") from None


def _serve(args: argparse.Namespace, cloud: Cloud) -> int:
    tls_folder = args.data / "tls"
    ca = certificates.prepare(tls_folder, args.name)
    tls = certificates.server_context(tls_folder, args.certificate, args.tls_max)
    listeners = [
        Listener("http", _bind(args.host, args.http, "--http")),
        Listener("https", _bind(args.host, args.https, "--https"), tls),
    ]
    if args.files is not None:
        listeners.append(Listener("files", _bind(args.host, args.files, "--files"), tls, file_host=True))
    ports = {listener.name: port_of(listener.sockets) for listener in listeners}
    # Another host name than localhost, which the certificates are good for too.
    cloud.file_host = f"https://127.0.0.1:{ports['files']}" if "files" in ports else ""
    if not _only_this_machine(args.host):
        print(
            "cloud: reachable from other machines; add keys of your own (tools/cloud/README.md)",
            file=sys.stderr,
        )
    ready = f"ready http=http://127.0.0.1:{ports['http']} https=https://{args.name or 'localhost'}:{ports['https']}"
    ready += f" files={cloud.file_host}" if cloud.file_host else ""
    asyncio.run(serve(cloud, listeners, f"{ready} ca={ca}", args.verbose))
    return 0


def _bind(host: str, port: int, option: str) -> list[socket.socket]:
    try:
        return listen(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise _CannotStart(
                f"port {port} is busy; choose another with {option} (0 = any free one)"
            ) from None
        raise _CannotStart(f"cannot listen on {host} port {port}: {error.strerror}") from None


@contextlib.contextmanager
def _exclusive(data: Path) -> Iterator[None]:
    """One process per data folder; the lock goes with the process, however it ends."""
    data.mkdir(parents=True, exist_ok=True)
    with open(data / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _CannotStart(f"another cloud runs on {data}; stop it or choose another --data") from None
        yield


def _only_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
