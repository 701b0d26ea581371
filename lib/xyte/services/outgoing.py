"""A request that does not lie ready: where it goes, and its head. A phase, as each telemetry is like the last.

Both functions return a tuple that begins with the origin, (tls, host, port), and where in which buffer the bytes begin
that are to be sent. They raise LinkError (a head that cannot be sent) and SettingsError (a URL that leads nowhere).
"""

from xyte import phase
from xyte.errors import LinkError


def whole(method, url, data, headers):
    """Head and body in one. data: bytes or None."""
    target, data = phase.call("xyte.core.url", "split", url), data or b""
    length = str(len(data)) if data or method in ("POST", "PUT") else None
    return target[:3], _head(method, target, headers, length) + data, 0


def in_front(method, url, headers, buf, end, digits):
    """Write the head in front of buf[end]. digits: characters of Content-Length to leave blank in its last line.

    Behind the rest is returned what it is the head of: method, url, headers.
    """
    target = phase.call("xyte.core.url", "split", url)
    head = _head(method, target, headers, " " * digits)
    at = end - len(head)
    if at < 0:
        raise LinkError("request head too long")
    buf[at:end] = head
    return target[:3], buf, at, method, url, headers


def _head(method, target, headers, length):
    return phase.call("xyte.core.request_head", "build", method, target, headers, length)
