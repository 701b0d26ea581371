"""A phone on a board's hot spot, without a browser: HTTP and DNS as it would speak them."""

import re
import socket
import struct
import time
from typing import Any

import httpx
from rig import MAIN, RUN, make_board

from tools.board.virtual import VirtualBoard

ADDRESS = "4.3.2.1"
PASSWORD = "label-1234"
SPEED = 8
RIGHT, WRONG = "home-key-1", "wrong-key-1"
NETWORKS = [("HomeNet", RIGHT), ("Barn & <Yard>", "barn-key-1"), ("Guests", "")]


def board_to_set_up(folder: Any, cloud: Any, **more: Any) -> VirtualBoard:
    """Fresh from the factory, with a label, and nothing known of the networks around it."""
    settings = {"wifi": [], "setup_password": PASSWORD, "name": "Pump 7", **more.pop("settings", {})}
    return make_board(folder, cloud, speed=SPEED, wifi=NETWORKS, settings=settings, main=MAIN + RUN, **more)


class Phone:
    """board: runs, and its portal is open."""

    def __init__(self, board: VirtualBoard) -> None:
        self._http, self._dns = board.portal_ports
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{self._http}", timeout=20)
        self.token = ""

    def get(self, path: str = "/", host: str = ADDRESS) -> httpx.Response:
        try:
            response = self._client.get(path, headers={"Host": host})
        except httpx.TransportError:  # a browser asks once more, too: the board's 15 s for a page are two here
            response = self._client.get(path, headers={"Host": host})
        if found := re.search(r'name="token" value="(\w+)"', response.text):
            self.token = found[1]
        return response

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """A form of the page; its token goes along unless fields has another."""
        return self._client.post(path, data={"token": self.token, **fields}, headers={"Host": ADDRESS, **headers})

    def join(self, ssid: str, key: str) -> str:
        """Choose a network, type a key, look at the page until there is an outcome. Returns its words."""
        self.get()
        assert self.post("/join", {"ssid": ssid, "key": key}).status_code == 303
        return self.outcome()

    def outcome(self, timeout: float = 15) -> str:
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            page = self.get().text
            if 'http-equiv="refresh"' not in page:
                said = re.search(r'role="status">(.*?)</p>', page)
                assert said, page
                return said[1]
            time.sleep(0.2)
        raise AssertionError("no outcome")

    def look_up(self, name: str) -> str:
        """The IPv4 address that the hot spot's DNS gives."""
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
        query = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(10)
            asker.sendto(query, ("127.0.0.1", self._dns))
            answer = asker.recv(512)
        assert answer[:2] == query[:2] and answer[7] == 1
        return socket.inet_ntoa(answer[-4:])
