"""A request that does not lie ready: its head (RFC 9112). A phase, as each telemetry is like the last.

Both functions return a tuple that begins with the origin, (tls, host, port), and where in which buffer the bytes begin
that are to be sent. target: what `split` in core/url.py makes of the URL. They raise LinkError for a head that cannot
be sent.
"""

from xyte.errors import LinkError


def whole(method, target, data, headers):
    """Head and body in one. data: bytes or None."""
    data = data or b""
    length = str(len(data)) if data or method in ("POST", "PUT") else None
    return target[:3], _head(method, target, headers, length) + data, 0


def in_front(method, target, headers, buf, end, digits):
    """Write the head in front of buf[end]. digits: characters of Content-Length to leave blank in its last line."""
    head = _head(method, target, headers, " " * digits)
    at = end - len(head)
    if at < 0:
        raise LinkError("request head too long")
    buf[at:end] = head
    return target[:3], buf, at


def _head(method, target, headers, length):
    """length: text of Content-Length, or None for no body at all."""
    lines = ["%s %s HTTP/1.1" % (method, target.path), "Host: " + target.netloc]
    for name in headers or ():
        value = headers[name]
        if "\r" in value or "\n" in value or ":" in name or " " in name:
            raise LinkError("header %s is not fit to send" % name)
        lines.append(name + ": " + value)
    if length is not None:
        lines.append("Content-Length: " + length)  # last: its digits are patched in place
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
