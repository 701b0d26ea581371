"""The set-up hot spot: a soft access point, never an open one, and the sockets on it, none of which waits."""

import select
import socket

_HTTP, _DNS = 80, 53
_CLIENTS = 4
# Not the port's 192.168.4.1: many phones, Samsung's among them, open no page by themselves for a private address.
_ADDRESS = "4.3.2.1"


class Hotspot:
    """network: the port's module. door: accepts browsers; names: gets DNS queries. address: of this board, as text.

    power: transmit power in dBm, 0 for the chip's own. Raises MemoryError, OSError, RuntimeError; there is no hot spot
    then.
    """

    def __init__(self, network, name, password, power):
        self._access_point = network.WLAN(network.WLAN.IF_AP)
        how = {"ssid": name, "key": password, "security": network.WLAN.SEC_WPA2, "max_clients": _CLIENTS}
        self.address = _ADDRESS
        self._poll = select.poll()
        try:
            self._switch_on(how)
            if power:
                self._access_point.config(txpower=power)
            self._access_point.ifconfig((_ADDRESS, "255.255.255.0", _ADDRESS, _ADDRESS))
            self.door = self._open(socket.SOCK_STREAM, _HTTP)
            self.door.listen(_CLIENTS)
            self.names = self._open(socket.SOCK_DGRAM, _DNS)
        except (MemoryError, OSError, RuntimeError):
            self._access_point.active(False)
            raise

    def _switch_on(self, how):
        try:
            self._access_point.config(**how)  # first, or there would be an open network for a moment
            self._access_point.active(True)
        except (OSError, RuntimeError):  # not every version of the chip's firmware takes it while it is off
            self._access_point.active(True)
            self._access_point.config(**how)

    def _open(self, kind, port):
        opened = socket.socket(socket.AF_INET, kind)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The station may be in the owner's network already: there, nobody is to see the page, nor these names.
        opened.bind(socket.getaddrinfo(self.address, port)[0][-1])
        return self.watch(opened)

    def watch(self, opened):
        """From now on `wait` ends when this socket has something."""
        opened.setblocking(False)
        self._poll.register(opened, select.POLLIN)
        return opened

    def reopen_names(self):
        """The port takes an empty datagram for the end, and the socket gives nothing more (modsocket.c)."""
        self.drop(self.names)
        self.names = self._open(socket.SOCK_DGRAM, _DNS)

    def drop(self, watched):
        self._poll.unregister(watched)
        watched.close()

    def wait(self, ms):
        """Up to so long, until a socket has something. Returns whether one has."""
        return bool(self._poll.poll(ms))

    def close(self):
        self.drop(self.door)
        self.drop(self.names)
        self._access_point.active(False)
