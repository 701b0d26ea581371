"""What a Wi-Fi station's states mean, and which network is the better one. Facts: MicroPython's network_wlan.c.

Three traps of that port. A failure's code stays until the next success, also through a new attempt. After
disconnect() the state reads "idle" while the next attempt runs. And with reconnects left to the driver a wrong
password reads "connecting" for ever, so they are switched off before.
"""

from micropython import const

_IDLE = const(1000)
_CONNECTING = const(1001)
_GOT_IP = const(1010)
_LONGEST_MS = const(25000)  # a DHCP server that first looks whether an address is free takes its time
_STALE_MS = const(8000)  # an attempt that does not get as far as to be joined fails within this
_GOOD_DBM = const(-75)

_FINAL = (15, 201, 202, 204, 210, 211)

_STEP_DB = const(12)
_SSID, _BSSID, _RSSI = 0, 1, 3  # places in a row of scan()


def is_lost(status, before, elapsed_ms, joined):
    """Has the attempt failed? status: now; before: when it began; elapsed_ms: since then.

    joined: is there a link, if without an address? Then a status from before says nothing.
    """
    if elapsed_ms >= _LONGEST_MS:
        return True
    if status in (_IDLE, _CONNECTING, _GOT_IP):
        return False
    return status != before or elapsed_ms >= _STALE_MS and not joined


def may_pass(status):
    """Is it a failure that a second try at once may cure? Such as 2 and 205, after a reset of the board."""
    return status < _IDLE and status not in _FINAL


def why(status, joined):
    """The failure in words that a person at the site can act on."""
    if joined:
        return "no address from it"
    if status == 201:
        return "not found: out of reach, or another name"
    if status in (15, 202, 204):  # four-way handshake, authentication, handshake
        return "wrong password"
    if status in (210, 211):
        return "its security does not fit: a password is missing, or it is older than WPA2"
    if status in (_IDLE, _CONNECTING):
        return "no answer"
    return "no link, status %d" % status


def better(networks, current, dbm, seen):
    """(index, BSSID) of the best network above `current` that is received well, or None. seen: rows of scan().

    It may be the current one, which is received with dbm, by an access point that is much stronger: the driver takes
    the first of that name that it meets. One that is said to hide its name may be any without a name: whether it is,
    the attempt shows.
    """
    for i in range(min(current + 1, len(networks))):
        ssid, least = networks[i]["ssid"].encode(), _GOOD_DBM if i < current else dbm + _STEP_DB
        hidden = i < current and networks[i].get("hidden")
        for row in sorted(seen, key=lambda row: -row[_RSSI]):
            if row[_SSID] == (b"" if hidden else ssid) and row[_RSSI] >= least:
                return i, None if hidden else row[_BSSID]
    return None
