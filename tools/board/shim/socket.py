"""`socket`: the interpreter's own, but only while the station has an address."""

import errno

import usocket
from network import connected


def socket(*args):
    if not connected():
        raise OSError(errno.EHOSTUNREACH)
    return usocket.socket(*args)


def getaddrinfo(*args):
    if not connected():
        raise OSError(-202)  # lwIP's EAI_FAIL, as the port raises it
    return usocket.getaddrinfo(*args)


def __getattr__(name):
    return getattr(usocket, name)
