"""`ssl` and `select.select`, which MicroPython has on every ESP32 and Debian leaves out of its unix build."""

import select
import sys

import tls


class _Never(Exception):
    """What CPython's ssl raises and MicroPython's never does."""


class _Ssl:
    SSLContext, PROTOCOL_TLS_CLIENT = tls.SSLContext, tls.PROTOCOL_TLS_CLIENT
    SSLWantReadError = SSLWantWriteError = _Never


def _select(readers, writers, errors, timeout_s=None):
    poll = select.poll()
    for sock in readers:
        poll.register(sock, select.POLLIN | (select.POLLOUT if sock in writers else 0))
    for sock in writers:
        if sock not in readers:
            poll.register(sock, select.POLLOUT)
    ready_readers, ready_writers = [], []
    for sock, events in poll.ipoll(-1 if timeout_s is None else int(timeout_s * 1000)):
        if events & ~select.POLLOUT and sock in readers:
            ready_readers.append(sock)
        if events & ~select.POLLIN and sock in writers:
            ready_writers.append(sock)
    return ready_readers, ready_writers, []


class _Select:
    poll, POLLIN, POLLOUT = select.poll, select.POLLIN, select.POLLOUT
    select = staticmethod(_select)


def install():
    """From now on `import ssl` and `import select` find them."""
    sys.modules["ssl"], sys.modules["select"] = _Ssl, _Select
