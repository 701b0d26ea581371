"""What a Wi-Fi station's states mean, and which network is the better one. Facts: MicroPython's network_wlan.c.

Three traps of that port. A failure's code stays until the next success, also through a new attempt. After
disconnect() the state reads "idle" while the next attempt runs. And with reconnects left to the driver a wrong
password reads "connecting" for ever, so they are switched off before.
"""

from micropython import const

_IDLE = const(1000)
_CONNECTING = const(1001)
_GOT_IP = const(1010)
_LONGEST_MS = const(15000)
_STALE_MS = const(8000)  # an attempt that fails does so within this
_GOOD_DBM = const(-75)

_SSID, _RSSI = 0, 3  # places in a row of scan()


def is_lost(status, before, elapsed_ms):
    """Has the attempt failed? status: now; before: when it began; elapsed_ms: since then."""
    if elapsed_ms >= _LONGEST_MS:
        return True
    if status in (_IDLE, _CONNECTING, _GOT_IP):
        return False
    return status != before or elapsed_ms >= _STALE_MS


def why(status):
    """The failure in words that a person at the site can act on."""
    if status == 201:
        return "not found: out of reach, or another name"
    if status in (15, 202, 204):  # four-way handshake, authentication, handshake
        return "wrong password"
    if status in (210, 211):
        return "its security does not fit: a password is missing, or it is older than WPA2"
    if status in (_IDLE, _CONNECTING):
        return "no answer, or no address from it"
    return "no link, status %d" % status


def better(networks, current, seen):
    """Index of the best network above `current` that is received well, or -1. seen: rows of scan()."""
    for i in range(current):
        ssid = networks[i]["ssid"].encode()
        for row in seen:
            if row[_SSID] == ssid and row[_RSSI] >= _GOOD_DBM:
                return i
    return -1
