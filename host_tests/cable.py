"""A serial cable between a tool and a board, that can be pulled in the middle of what goes over it."""

import contextlib
import socket
import threading
from typing import Self
from urllib.parse import urlsplit


class Cable:
    """Passes bytes between its one client and `url` (socket://). It is pulled once `mark` has gone to the board."""

    def __init__(self, url: str, mark: bytes) -> None:
        self._far = (urlsplit(url).hostname, urlsplit(url).port)
        self._mark, self._passed = mark, b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(5)

    def _run(self) -> None:
        near, _ = self._listener.accept()
        with near, socket.create_connection(self._far) as far:
            threading.Thread(target=self._pass_back, args=(far, near), daemon=True).start()
            while self._mark not in self._passed and (data := near.recv(4096)):
                self._passed = self._passed[-len(self._mark):] + data
                far.sendall(data)
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _pass_back(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):  # pulled
            while data := far.recv(4096):
                near.sendall(data)
