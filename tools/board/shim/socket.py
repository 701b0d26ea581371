"""`socket`: the interpreter's own, but only while the station has an address that is of any use.

What the board listens on (port 80 and 53 of its hot spot) are ports of the host: it may not have those, and
several boards run beside each other.
"""

import errno

import usocket
import wire
from network import connected, deaf

_ACTIVE = 69  # offsets in the control block
_PORTS = 64
_control = wire.control


def _lost():
    return not connected() or deaf()


def socket(*args):
    if _lost() and not _control[_ACTIVE]:
        raise OSError(errno.EHOSTUNREACH)
    return usocket.socket(*args)


def getaddrinfo(host, port, *more):
    if host == "0.0.0.0" or _control[_ACTIVE] and host == wire.load("hotspot").address_of(_control):
        at = _PORTS if port == 80 else _PORTS + 2
        return usocket.getaddrinfo("127.0.0.1", _control[at] | _control[at + 1] << 8, *more)
    if _lost():
        raise OSError(-202)  # lwIP's EAI_FAIL, as the port raises it
    return usocket.getaddrinfo(host, port, *more)


def __getattr__(name):
    return getattr(usocket, name)
