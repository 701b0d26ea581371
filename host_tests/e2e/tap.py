"""A listener between board and cloud that keeps every byte of both."""

import contextlib
import socket
import threading
from collections import Counter
from typing import Self

APPLICATION_DATA = 23  # RFC 8446, section 5.1: TLS record types
_HEAD = 5


class Tap:
    """Listens on a port of its own; what arrives is kept and passed on to `target`, or to nobody.

    sent: the board's bytes, one entry for each of its connections. pieces: the sizes in which they came: as the board
    waits for each answer, no two of its writes arrive as one. answered: what came back, from all connections.
    """

    def __init__(self, target: int | None = None) -> None:
        self.sent: list[bytearray] = []
        self.pieces: list[int] = []
        self.answered = bytearray()
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def everything(self) -> bytes:
        return b"".join(self.sent)

    def records(self) -> Counter[int]:
        """How many TLS records of each type the board has begun to send."""
        kinds: Counter[int] = Counter()
        for stream in self.sent:
            rest = bytes(stream)
            while rest:
                kinds[rest[0]] += 1
                rest = rest[_HEAD + int.from_bytes(rest[3:_HEAD]) :]
        return kinds

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                board, _ = self._listener.accept()
                self.sent.append(bytearray())
                threading.Thread(target=self._serve, args=(board, self.sent[-1]), daemon=True).start()

    def _serve(self, board: socket.socket, kept: bytearray) -> None:
        with board, contextlib.suppress(OSError):
            if self._target is None:
                while piece := board.recv(65536):
                    kept += piece
                return
            with socket.create_connection(("127.0.0.1", self._target)) as cloud:
                back = threading.Thread(target=self._copy, args=(cloud, board), daemon=True)
                back.start()
                while piece := board.recv(65536):
                    kept += piece
                    self.pieces.append(len(piece))
                    cloud.sendall(piece)
                cloud.shutdown(socket.SHUT_WR)
                back.join()

    def _copy(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                self.answered += piece
                to.sendall(piece)
            to.shutdown(socket.SHUT_WR)
