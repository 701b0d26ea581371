"""Sent before scripts that need a connection: clock, Wi-Fi, TLS contexts, one request. The sender
sets HOST, PORT and NETWORKS, a list as the setting `wifi` is.
"""

import json
import socket
import time

import machine
import network
import tls


def client():
    return tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)


def set_clock(seconds):
    t = time.gmtime(seconds)
    machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))


def online():
    """Join the first network that works, of NETWORKS or else of the settings. Returns why not, or None."""
    station = network.WLAN(network.WLAN.IF_STA)
    if station.isconnected():
        return None
    known = NETWORKS
    try:
        if not known:
            with open("/settings.json") as f:
                known = json.load(f).get("wifi") or []
    except (OSError, ValueError):
        return "no Wi-Fi in /settings.json: --wifi names a network"
    for one in known:
        station.active(False)
        station.active(True)
        station.connect(one["ssid"], *([one["key"]] if one.get("key") else []))
        end = time.ticks_add(time.ticks_ms(), 15000)
        while time.ticks_diff(end, time.ticks_ms()) > 0:
            if station.isconnected():
                return None
            time.sleep_ms(100)
    return "no known network answers"


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
