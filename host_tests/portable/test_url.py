"""URLs taken apart, and those that must not be."""

from xyte.core import url
from xyte.errors import SettingsError


def parts(text, scheme="https"):
    u = url.split(text, scheme)
    return (u.tls, u.host, u.port, u.path, u.netloc)


def test_good_ones():
    for text, want in (
        ("https://a.b", (True, "a.b", 443, "/", "a.b")),
        ("HTTPS://a.b:8443/x/y?z=1#f", (True, "a.b", 8443, "/x/y?z=1", "a.b:8443")),
        ("http://h:65535", (False, "h", 65535, "/", "h:65535")),
        ("eu-1.endpoints.test", (True, "eu-1.endpoints.test", 443, "/", "eu-1.endpoints.test")),
        ("h:81/p", (True, "h", 81, "/p", "h:81")),
        ("http://h?q", (False, "h", 80, "/?q", "h")),
        ("http://h#f", (False, "h", 80, "/", "h")),
        ("https://[::1]:44/x", (True, "::1", 44, "/x", "[::1]:44")),
        ("https://[fe80::1]", (True, "fe80::1", 443, "/", "[fe80::1]")),
    ):
        assert parts(text) == want, text
    assert parts("h/p", "http") == (False, "h", 80, "/p", "h")


def test_bad_ones():
    for text in (
        "",
        "https://",
        "https:///path",
        "ftp://h",
        "://h",
        "javascript://h",
        "http://h:0",
        "http://h:65536",
        "http://h:",
        "http://h:x",
        "http://h:-1",
        "http://user@h",
        "http://user:pw@h",
        "http://h\r\nEvil: 1",
        "http://h/a b",
        "http://h/\x00",
        "http://h/\x7f",
        "http://h/\u00e9",
        "http://[::1",
        "http://[]",
        "http://[::1]x",
    ):
        try:
            got = parts(text)
        except SettingsError:
            continue
        raise AssertionError("%r gave %r" % (text, got))
