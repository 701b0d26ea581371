"""`tls`: what a context checks and refuses, and the shapes of its errors. HOST is "" where there is no server.

Set by the sender: HOST, PORT, NOW (seconds since 2000), CA and OTHER_CA (PEM). Sets the clock to NOW and back to it.
Sources: MicroPython extmod/modtls_mbedtls.c; Mbed TLS's error codes.
"""

import errno
import json
import socket
import time

import machine
import network
import tls

NO_CA = -30336  # MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED


def client():
    return tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)


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


def set_clock(seconds):
    t = time.gmtime(seconds)
    machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))


def online():
    """Join the first network of the settings that works. Returns why not, or None."""
    station = network.WLAN(network.WLAN.IF_STA)
    if station.isconnected():
        return None
    try:
        with open("/settings.json") as f:
            known = json.load(f).get("wifi") or []
    except (OSError, ValueError):
        return "no Wi-Fi in /settings.json"
    for one in known:
        station.active(False)
        station.active(True)
        station.connect(one["ssid"], *([one["key"]] if one.get("key") else []))
        end = time.ticks_add(time.ticks_ms(), 15000)
        while time.ticks_diff(end, time.ticks_ms()) > 0:
            if station.isconnected():
                return None
            time.sleep_ms(100)
    return "no network of /settings.json answers"


def shake_hands(context, name):
    """What a connection ends with: the answer's first bytes, or the exception."""
    plain = socket.socket()
    plain.settimeout(15)
    try:
        plain.connect(socket.getaddrinfo(HOST, PORT)[0][-1])
        secure = context.wrap_socket(plain, server_hostname=name) if name else context.wrap_socket(plain)
        secure.write(b"GET / HTTP/1.0\r\n\r\n")
        return bytes(secure.read(5))
    finally:
        plain.close()


def context_with(*cas):
    context = client()
    for ca in cas:
        context.load_verify_locations(ca.encode())
    return context


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
    closed = raised(socket.socket().connect, socket.getaddrinfo(HOST, 1)[0][-1])
    check("a port that nobody has", closed, ("OSError", errno.ECONNREFUSED))


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
