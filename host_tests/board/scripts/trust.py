"""`tls`: what a context checks and refuses, and the shapes of its errors. HOST is "" where there is no server.

Set by the sender: HOST, PORT, NOW (seconds since 2000), CA and OTHER_CA (PEM). Sets the clock to NOW and back to it.
Needs link.py before it.
Sources: MicroPython extmod/modtls_mbedtls.c; Mbed TLS's error codes.
"""

import socket

import tls

NO_CA = -30336  # MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED


def contexts():
    check("a client verifies", client().verify_mode, tls.CERT_REQUIRED)
    check("which is 2", tls.CERT_REQUIRED, 2)
    good = CA.encode()
    check("a CA as text", raised(client().load_verify_locations, CA), ("nothing", None))
    check("as bytes", raised(client().load_verify_locations, good), ("nothing", None))
    check("not as a bytearray", kind(client().load_verify_locations, bytearray(good)), "TypeError")
    check("nor a memoryview", kind(client().load_verify_locations, memoryview(good)), "TypeError")
    check("nor by name", kind(client().load_verify_locations, cadata=good), "TypeError")
    check("no certificate", raised(client().load_verify_locations, b"nonsense"), ("ValueError", "invalid cert"))
    check("nothing at all", raised(client().load_verify_locations, b""), ("ValueError", "invalid cert"))


def handshakes():
    good = context_with(CA)
    set_clock(NOW)
    check("the right CA and name", raised(shake_hands, good, HOST), ("nothing", b"HTTP/"))
    check("the same context again", raised(shake_hands, good, HOST), ("nothing", b"HTTP/"))
    check("two CAs", raised(shake_hands, context_with(OTHER_CA, CA), HOST), ("nothing", b"HTTP/"))
    for name, context, host in (("another CA", context_with(OTHER_CA), HOST),
                                ("another name", good, "elsewhere.example"), ("no name", good, None)):
        got = raised(shake_hands, context, host)
        check(name, got[0], "ValueError")
        info(name, got)
    check("no CA", raised(shake_hands, client(), HOST)[:2], ("OSError", NO_CA))
    set_clock(3600)
    got = raised(shake_hands, good, HOST)
    check("a clock in 2000", got[0], "ValueError")
    info("a clock in 2000", got)
    set_clock(NOW)
    check("and right again", raised(shake_hands, good, HOST), ("nothing", b"HTTP/"))
    plain = socket.socket()
    plain.settimeout(5)
    check("a port that nobody has", kind(plain.connect, socket.getaddrinfo(HOST, 1)[0][-1]), "OSError")
    plain.close()


def main():
    contexts()
    if not HOST:
        skip("handshakes", "no cloud to shake hands with: --cloud names this machine as the board sees it")
        return
    why_not = online()
    if why_not:
        skip("handshakes", why_not)
    else:
        handshakes()


main()
