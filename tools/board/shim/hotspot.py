"""The access point of `network.WLAN`: what is set goes into the control block.

Port 80 and 53 of the board are ports of the host, see `socket.py`.
"""

import struct

import wire

from micropython import const

_PORTS = const(64)  # offsets in the control block
_ACTIVE = const(69)
_SECURITY = const(70)
_SSID = const(71)
_KEY = const(104)
_ADDRESS = const(168)

_control = wire.control


def _put(at, text, longest):
    data = text.encode()[:longest]
    _control[at] = len(data)
    memoryview(_control)[at + 1:at + 1 + len(data)] = data


class AccessPoint:
    def active(self, on=None):
        if on is not None and bool(on) != bool(_control[_ACTIVE]):
            _control[_ACTIVE] = bool(on)
            if on:
                port = struct.unpack_from("<H", _control, _PORTS)[0]
                print("--- hot spot: port 80 of the board is 127.0.0.1:%d ---" % port)
        return bool(_control[_ACTIVE])

    def config(self, *what, ssid=None, key=None, security=None, max_clients=None, channel=None, hidden=None,
               txpower=None):
        if what:
            at = {"ssid": _SSID, "security": _SECURITY}.get(what[0])
            if at is None:
                raise ValueError("unknown config param")
            if at == _SECURITY:
                return _control[at]
            return str(memoryview(_control)[at + 1:at + 1 + _control[at]], "utf8")
        if security is not None:
            if security and len(key or "") < 8:
                raise RuntimeError("Wifi Unknown Error 0x0102")
            _control[_SECURITY] = security
        if ssid is not None:
            _put(_SSID, ssid, 32)
        if key is not None:
            _put(_KEY, key, 63)
        if txpower is not None:
            import network

            network.set_power(txpower)

    def isconnected(self):
        return False  # phones are on the host, and not told of

    def status(self, what=None):
        if what is None:
            return None
        if what != "stations":
            raise OSError("STA required") if what == "rssi" else ValueError("unknown status param")
        return []

    def ifconfig(self, four=None):
        if four is None:
            address = address_of(_control)
            return address, "255.255.255.0", address, "0.0.0.0"
        memoryview(_control)[_ADDRESS:_ADDRESS + 4] = bytes([int(part) for part in four[0].split(".")])


def address_of(control):
    """Of the hot spot, as text. Its DHCP server follows when it is set."""
    four = bytes(memoryview(control)[_ADDRESS:_ADDRESS + 4])
    return ".".join([str(part) for part in four]) if any(four) else "192.168.4.1"
