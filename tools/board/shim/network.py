"""`network` with the ESP32's station: states, codes and error shapes of `ports/esp32/network_wlan.c`.

Which networks are on the air is in the control block. An attempt takes 300 ms of board time; like the real
driver it is repeated for ever, also after a wrong password. `isconnected` allocates nothing.
"""

import time

import wire

from micropython import const

_OUTAGE = const(4)  # offsets in the control block
_STATE = const(5)
_RSSI = const(8)
_MAC = const(10)
_AIR = const(2560)  # networks: count, then length and bytes of name and of key

_CONNECT_MS = const(300)
_RETRY_MS = const(2000)

STA_IF = 0
AP_IF = 1
MODE_11B, MODE_11G, MODE_11N, MODE_LR = 1, 2, 4, 8
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204
AUTH_OPEN, AUTH_WEP, AUTH_WPA_PSK, AUTH_WPA2_PSK = 0, 1, 2, 3

_control = wire.control
_shutdown = wire.libc.func("i", "shutdown", "ii")
# station: active, wanted, has address, reason of the last failure, ticks of the attempt, attempts left (-1:
# all), how an attempt ends. After a soft reset it is as it was: the radio does not take part in that.
_s = [_control[_STATE] & 1, _control[_STATE] >> 1 & 1, _control[_STATE] >> 2 & 1, 0, 0, -1, 0]
_names = ["", "mpy-esp32"]  # network, host


def _air():
    """(name, key) of each network that can be received."""
    at = _AIR + 1
    for _ in range(_control[_AIR]):
        pair = []
        for _ in range(2):
            size = _control[at]
            pair.append(str(memoryview(_control)[at + 1:at + 1 + size], "utf8"))
            at += 1 + size
        yield pair


def _prospect(ssid, key):
    """How attempts to join this network end: 0, or the reason why they fail."""
    for name, right in _air():
        if name == ssid:
            return 0 if right in ("", key) else STAT_WRONG_PASSWORD
    return STAT_NO_AP_FOUND


def connected():
    """Board only: is there an address? Moves the station's state on."""
    if _s[2]:
        if _control[_OUTAGE]:
            _s[2] = 0
            _s[3] = STAT_BEACON_TIMEOUT
            _s[4] = time.ticks_ms()
            _control[_STATE] &= 3
            for fd in range(3, 64):  # what was connected is gone; only sockets listen to this
                _shutdown(fd, 2)
    elif _s[1] and (_s[5] or not _s[3]) and time.ticks_diff(time.ticks_ms(), _s[4]) >= (
            _RETRY_MS if _s[3] else _CONNECT_MS):
        _s[3] = STAT_NO_AP_FOUND if _control[_OUTAGE] else _s[6]
        _s[4] = time.ticks_ms()
        if _s[3]:
            _s[5] -= _s[5] > 0
        else:
            _s[2] = 1
            _control[_STATE] |= 4
    return _s[2]


class WLAN:
    IF_STA = 0
    IF_AP = 1
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2
    SEC_OPEN, SEC_WEP, SEC_WPA, SEC_WPA2, SEC_WPA_WPA2 = 0, 1, 2, 3, 4

    def __init__(self, interface=0):
        if interface not in (0, 1):
            raise ValueError("invalid WLAN interface identifier")
        self.interface = interface

    def active(self, on=None):
        if self.interface:
            return False
        if on is not None and bool(on) != bool(_s[0]):
            time.sleep_ms(50)
            _s[0] = int(bool(on))
            if not on:
                _s[1] = _s[2] = 0
            _control[_STATE] = _s[0] | _s[1] << 1 | _s[2] << 2
        return bool(_s[0])

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not _s[0]:
            raise OSError("Wifi Not Started")
        if _s[1]:
            raise OSError("Wifi Internal Error")
        if ssid is not None:
            _names[0] = ssid
            _s[6] = _prospect(ssid, key or "")
        _s[1] = 1
        _s[2] = _s[3] = 0
        _s[4] = time.ticks_ms()
        _control[_STATE] = 3

    def disconnect(self):
        if not _s[0]:
            raise OSError("Wifi Not Started")
        _s[1] = _s[2] = _s[3] = 0
        _control[_STATE] = 1

    def isconnected(self):
        return bool(self.interface == 0 and connected())

    def status(self, what=None):
        if what is None:
            if self.interface:
                return None
            if connected():
                return STAT_GOT_IP
            return _s[3] or (STAT_CONNECTING if _s[1] else STAT_IDLE)
        if what != "rssi":
            raise ValueError("unknown status param")
        if not connected():
            raise OSError("Wifi Not Connected")
        return _control[_RSSI] - 256

    def scan(self):
        if not _s[0]:
            raise OSError("STA must be active")
        time.sleep_ms(1500)
        if _control[_OUTAGE]:
            return []
        return [(name.encode(), b"\x02\0\0\0\0\1", 6, _control[_RSSI] - 256, 3 if key else 0, False)
                for name, key in _air()]

    def config(self, *what, **settings):
        if settings:
            _s[5] = settings.get("reconnects", _s[5])
            return
        if what[0] == "mac":
            return bytes(memoryview(_control)[_MAC:_MAC + 6])
        if what[0] in ("ssid", "essid"):
            return _names[0]
        if what[0] in ("hostname", "dhcp_hostname"):
            return _names[1]
        if what[0] == "reconnects":
            return _s[5]
        raise ValueError("unknown config param")

    def ifconfig(self, *_):
        return ("192.168.4.2", "255.255.255.0", "192.168.4.1", "192.168.4.1") if connected() else (
            "0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")


def hostname(name=None):
    if name is None:
        return _names[1]
    if len(name) > 32:
        raise ValueError()
    _names[1] = name
