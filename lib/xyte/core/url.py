"""URLs as the agent needs them: where to connect, with TLS or without, and what to ask for."""

from collections import namedtuple

from xyte.errors import SettingsError

_PORTS = {"http": 80, "https": 443}


# tls: bool. host: as TLS must verify it, without brackets. port: int. path: with its query, at least "/".
# netloc: host[:port] for the Host header. Not a class of our own: one that is kept would keep this module's code.
Url = namedtuple("Url", ("tls", "host", "port", "path", "netloc"))


def allowed(text, settings):
    """A cloud URL taken apart. Raises SettingsError when it is plain http to a host that is no development host."""
    url = split(text, "http" if settings.entry_url.lower().startswith("http://") else "https")
    if not url.tls and url.host not in settings.development_hosts:
        raise SettingsError("%s is plain http, and its host is not in 'development_hosts'" % text)
    return url


def split(text, scheme="https"):
    """Take a URL apart. scheme: what a URL without one means (a hub is sometimes given as a bare host name).

    Raises SettingsError for anything that cannot be connected to, or that could smuggle a header line.
    """
    for ch in text:
        if not "!" <= ch <= "~":
            raise SettingsError("URL %r: white space or non-ASCII character" % text)
    if "://" in text:
        scheme, text = text.split("://", 1)
        scheme = scheme.lower()
    if scheme not in _PORTS:
        raise SettingsError("URL scheme %r: only http and https" % scheme)
    text = text.split("#", 1)[0]
    netloc = text.split("/", 1)[0].split("?", 1)[0]
    path = text[len(netloc) :]
    if not path.startswith("/"):
        path = "/" + path
    host, port = _host_port(netloc, _PORTS[scheme])
    return Url(scheme == "https", host, port, path, netloc)


def _host_port(netloc, port):
    host, colon, digits = netloc, "", ""
    if netloc.startswith("["):  # IPv6 literal
        host, closed, rest = netloc[1:].partition("]")
        if not closed:
            raise SettingsError("URL host %r: no ] at its end" % netloc)
        colon, digits = rest[:1], rest[1:]
    elif ":" in netloc:
        host, colon, digits = netloc.partition(":")
    if colon:
        if not digits.isdigit() or not 0 < int(digits) < 65536:
            raise SettingsError("URL host %r: bad port" % netloc)
        port = int(digits)
    if not host or "@" in host:
        raise SettingsError("URL host %r: not a host name" % netloc)
    return host, port
