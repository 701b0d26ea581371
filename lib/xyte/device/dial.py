"""Opens a connection: look up the name, connect, and put TLS on top. Wanted once for each connection."""

import socket
from errno import EINPROGRESS

from xyte.device.stream import Stream
from xyte.errors import LinkError, NoAddressError, UntrustedError


def connect(connector, tls, host, port, pause):
    """See Connector."""
    try:
        addresses = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except OSError as e:
        raise NoAddressError("no address for %s: %r" % (host, e))
    for i in range(len(addresses)):
        try:
            return _connected(connector, addresses[i], tls, host, pause)
        except OSError as e:
            if i == len(addresses) - 1:
                raise LinkError("no connection to %s port %d: %r" % (host, port, e))


def _connected(connector, address, tls, host, pause):
    plain = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        plain.setblocking(False)
        try:
            plain.connect(address[-1])
        except OSError as e:
            if e.errno != EINPROGRESS:
                raise
        stream = Stream(plain, plain, host)
        pause(stream, True)
        while not stream.connected():
            pause(stream, True)
        return Stream(_wrapped(connector, plain, host), plain, host) if tls else stream
    except BaseException:
        plain.close()
        raise


def _wrapped(connector, plain, host):
    try:
        if not connector.context:
            connector.context = _context(connector.ca_files)
        # The handshake runs inside the first write, so that the deadline and the watchdog see every step of it.
        return connector.context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    except ValueError as e:
        raise UntrustedError("TLS to %s: %s" % (host, e))


def _context(ca_files):
    import tls  # here, so that the module imports where there is no TLS

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)  # its default is CERT_REQUIRED
    for path in ca_files:
        try:
            with open(path, "rb") as f:
                context.load_verify_locations(f.read())
        except OSError:
            raise UntrustedError("CA file %s cannot be read" % path)
        except ValueError:
            raise UntrustedError("CA file %s is not PEM or DER" % path)
    return context
