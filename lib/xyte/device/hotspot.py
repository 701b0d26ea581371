"""The set-up hot spot: a soft access point, never an open one, and the sockets on it, none of which waits."""

import select
import socket

_HTTP, _DNS = 80, 53
_CLIENTS = 4


class Hotspot:
    """network: the port's module. door: accepts browsers; names: gets DNS queries. address: of this board, as text."""

    def __init__(self, network, name, password):
        self._access_point = network.WLAN(network.WLAN.IF_AP)
        how = {"ssid": name, "key": password, "security": network.WLAN.SEC_WPA2, "max_clients": _CLIENTS}
        try:
            self._access_point.config(**how)  # first, or there would be an open network for a moment
            self._access_point.active(True)
        except (OSError, RuntimeError):  # not every version of the chip's firmware takes it while it is off
            self._access_point.active(True)
            self._access_point.config(**how)
        self.address = self._access_point.ifconfig()[0]
        self._poll = select.poll()
        try:
            self.door = self._open(socket.SOCK_STREAM, _HTTP)
            self.door.listen(_CLIENTS)
            self.names = self._open(socket.SOCK_DGRAM, _DNS)
        except (MemoryError, OSError):
            self._access_point.active(False)
            raise

    def _open(self, kind, port):
        opened = socket.socket(socket.AF_INET, kind)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])
        return self.watch(opened)

    def watch(self, opened):
        """From now on `wait` ends when this socket has something."""
        opened.setblocking(False)
        self._poll.register(opened, select.POLLIN)
        return opened

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
