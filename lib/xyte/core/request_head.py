"""The head of an HTTP/1.1 request (RFC 9112)."""

from xyte.errors import LinkError


def build(method, target, headers, length):
    """The head as bytes. length: text of Content-Length, or None for no body at all. Raises LinkError."""
    lines = ["%s %s HTTP/1.1" % (method, target.path), "Host: " + target.netloc]
    for name in headers or ():
        value = headers[name]
        if "\r" in value or "\n" in value or ":" in name or " " in name:
            raise LinkError("header %s is not fit to send" % name)
        lines.append(name + ": " + value)
    if length is not None:
        lines.append("Content-Length: " + length)  # last: its digits are patched in place
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
