"""`network` with the ESP32's station: states, codes and error shapes of `ports/esp32/network_wlan.c`.

Which networks are on the air is in the control block. An attempt takes 300 ms of board time; like the real
driver it is repeated for ever, also after a wrong password. `isconnected` allocates nothing. A link can be deaf:
it looks as good as ever, and nothing gets through until it is cured. The access point is in `hotspot.py`.
"""

import time

import wire

from micropython import const

_OUTAGE = const(4)  # offsets in the control block; from 2 on deaf, cured by:
_DHCP = const(2)
_JOIN = const(3)
_RADIO = const(4)
_DNS = const(5)
_LEFT = const(8)  # reasons beside those that have names below
_HANDSHAKE = const(15)
_SECURITY = const(210)
_STATE = const(5)
_RSSI = const(8)
_MAC = const(10)
_POWER = const(68)
_ACTIVE = const(69)  # the access point
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
# Then: was the link found deaf; attempts that failed since connect().
_s = [_control[_STATE] & 1, _control[_STATE] >> 1 & 1, _control[_STATE] >> 2 & 1, 0, 0, -1, 0, 0, 0]
_address = []  # a static one: the four texts of ifconfig()
_names = ["", "mpy-esp32"]  # network, host
_station = []  # the one object
_OF_A_HOT_SPOT = " ssid essid hidden security authmode key password max_clients "  # texts cost less heap than names
_OF_A_STATION = " mac channel bandwidth hostname dhcp_hostname reconnects txpower protocol pm "


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
            return 0 if right == key else _HANDSHAKE if key else _SECURITY
    return STAT_NO_AP_FOUND


def connected():
    """Board only: is there an address? Moves the station's state on."""
    if _s[2]:
        if _control[_OUTAGE] == 1:
            _s[2] = 0
            _s[3] = STAT_BEACON_TIMEOUT
            _s[4] = time.ticks_ms()
            _s[8] = 1
            _s[1] = _s[5] != 0
            _control[_STATE] &= 3
            _cut()
        elif _control[_OUTAGE] and not _s[7]:
            _s[7] = 1
            _cut()
    elif _s[1] and time.ticks_diff(time.ticks_ms(), _s[4]) >= (_RETRY_MS if _s[8] else _CONNECT_MS):
        _s[3] = STAT_NO_AP_FOUND if _control[_OUTAGE] == 1 else _s[6]
        _s[4] = time.ticks_ms()
        if _s[3]:
            _s[8] += 1
            _s[1] = _s[5] < 0 or _s[8] <= _s[5]
        else:
            _s[2] = 1
            _control[_STATE] |= 4
    return _s[2]


def deaf():
    """Board only: does nothing get through?"""
    return _control[_OUTAGE] > 1


def cure(what):
    """Board only: the link may be cured by this."""
    if _control[_OUTAGE] == what:
        _control[_OUTAGE] = _s[7] = 0


def set_power(dbm):
    """Board only: of the radio, which station and access point share."""
    if not _s[0] and not _control[_ACTIVE]:
        raise OSError("Wifi Not Started")
    if not 8 <= int(dbm * 4) <= 84:
        raise RuntimeError("Wifi Unknown Error 0x0102")
    _control[_POWER] = int(dbm * 4)


def _cut():
    """What was connected is gone; only sockets listen to this."""
    for fd in range(3, 64):
        _shutdown(fd, 2)


class WLAN:
    IF_STA = 0
    IF_AP = 1
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2
    SEC_OPEN, SEC_WEP, SEC_WPA, SEC_WPA2, SEC_WPA_WPA2 = 0, 1, 2, 3, 4

    SEC_WPA3, SEC_WPA2_WPA3 = 6, 7

    def __new__(cls, interface=0):
        if interface not in (0, 1):
            raise ValueError("invalid WLAN interface identifier")
        if interface:
            return wire.load("hotspot").AccessPoint()
        if not _station:
            _station.append(object.__new__(cls))
        return _station[0]

    def active(self, on=None):
        if on is not None and bool(on) != bool(_s[0]):
            time.sleep_ms(50)
            _s[0] = int(bool(on))
            if not on:
                _s[1] = _s[2] = 0
                cure(_RADIO)
                if not _control[_ACTIVE]:
                    _control[_POWER] = 0
            _control[_STATE] = _s[0] | _s[1] << 1 | _s[2] << 2
        return bool(_s[0])

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not _s[0]:
            raise OSError("Wifi Not Started")
        if _s[1]:
            raise OSError("Wifi Internal Error")
        if bssid is not None and len(bssid) != 6:
            raise ValueError()
        if ssid is not None:
            _names[0] = ssid
            _s[6] = _prospect(ssid, key or "")
        _s[1] = 1
        _s[2] = _s[8] = 0
        _s[4] = time.ticks_ms()
        _control[_STATE] = 3

    def disconnect(self):
        if not _s[0]:
            raise OSError("Wifi Not Started")
        if _s[1]:
            _s[3] = _LEFT
        _s[1] = _s[2] = 0
        _control[_STATE] = 1
        cure(_JOIN)

    def isconnected(self):
        return bool(connected())

    def status(self, what=None):
        if what is None:
            if connected():
                return STAT_GOT_IP
            if _s[3] in (201, 202, 210, 211, 212):  # these stay until the next success
                return _s[3]
            if _s[3] == _LEFT:
                return STAT_IDLE
            return STAT_CONNECTING if _s[1] else _s[3] or STAT_IDLE
        if what != "rssi":
            raise OSError("AP required") if what == "stations" else ValueError("unknown status param")
        if not connected():
            raise OSError("Wifi Not Connected")
        return _control[_RSSI] - 256

    def scan(self):
        if not _s[0]:
            raise OSError("STA must be active")
        time.sleep_ms(1500)
        if _control[_OUTAGE] == 1 or _s[1] and not connected():
            return []
        return [(name.encode(), b"\x02\0\0\0\0\1", 6, _control[_RSSI] - 256, 3 if key else 0, False)
                for name, key in _air()]

    def config(self, *what, **settings):
        if len(what) != (not settings):
            raise TypeError("either pos or kw args are allowed" if settings else "can query only one param")
        if settings:
            for name in settings:
                name = " %s " % name
                if name not in _OF_A_STATION:
                    raise OSError("AP required") if name in _OF_A_HOT_SPOT else ValueError("unknown config param")
                if name == " txpower ":
                    set_power(settings["txpower"])
            if _s[1] and not connected():
                raise OSError("Wifi Internal State Error")
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
        if what[0] == "txpower":
            return (_control[_POWER] or 80) / 4
        raise ValueError("unknown config param")

    def ifconfig(self, four=None):
        if four == "dhcp" or four is None and not _address:
            return ("192.168.1.7", "255.255.255.0", "192.168.1.1", "192.168.1.1") if connected() else (
                "0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")
        if four is None:
            return tuple(_address)
        _address[:] = four

    def ipconfig(self, *what, **settings):
        if what:
            return not _address if what[0] == "dhcp4" else self.ifconfig()[:2]
        if settings.get("dhcp4"):
            _address.clear()
            cure(_DHCP)


def ipconfig(*what, **settings):
    if what:
        return "192.168.1.1"
    cure(_DNS)


def hostname(name=None):
    if name is None:
        return _names[1]
    if len(name.encode()) > 32:
        raise ValueError()
    _names[1] = name
