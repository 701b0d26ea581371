"""Opens a connection: look up the name, connect, and put TLS on top. Wanted once for each connection."""

import select
import socket
from errno import EINPROGRESS

from xyte import phase
from xyte.errors import LinkError, NoAddressError, UntrustedError


def connect(connector, tls, host, port, pause):
    """Connector.__call__: when this returns, the connector is the stream."""
    try:
        addresses = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except OSError as e:
        raise NoAddressError("no address for %s: %r" % (host, e))
    for i in range(len(addresses)):
        try:
            _connect(connector, addresses[i], tls, host, pause)
            return
        except OSError as e:
            if i == len(addresses) - 1:
                raise LinkError("no connection to %s port %d: %r" % (host, port, e))


def _connect(connector, address, tls, host, pause):
    plain = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        plain.setblocking(False)
        try:
            plain.connect(address[-1])
        except OSError as e:
            if e.errno != EINPROGRESS:
                raise
        connector.use(plain, plain, host)
        pause(connector, True)
        while not _is_connected(connector.events):
            pause(connector, True)
        if tls:
            connector.use(_wrapped(connector, plain, host), plain, host)
    except BaseException:
        plain.close()
        raise


def _is_connected(events):
    """Has the connect ended, by what a wait has found? Raises OSError when it ended badly."""
    if events & (select.POLLERR | select.POLLHUP):
        raise OSError("refused or unreachable")
    return events & select.POLLOUT


def _wrapped(connector, plain, host):
    try:
        if not connector.context:
            connector.context = phase.call("xyte.device.trust", "context", connector.ca_files)
        # The handshake runs inside the first write, so that the deadline and the watchdog see every step of it.
        return connector.context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    except ValueError as e:
        raise UntrustedError("TLS to %s: %s" % (host, e))
