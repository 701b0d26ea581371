"""The board's serial port, over TCP on 127.0.0.1: what pyserial opens as socket:// or rfc2217://.

A UART has one other end: while somebody is connected, the next one waits. Whoever connects sees what is printed from
then on; nobody listening costs nothing. Line ends leave as CR LF, as from the chip's `print`.
"""

from __future__ import annotations

import re
import socket

from tools.board.serial_lines import Lines

_SLOW_S = 1.0  # a listener that takes nothing for so long is let go: the chip waits for nobody either
_BARE_LF = re.compile(rb"(?<!\r)\n")


class SerialPort:
    """Listens on TCP `port`, 0 for a free one. Raises OSError when it is taken."""

    def __init__(self, port: int = 0):
        self._listener = socket.create_server(("127.0.0.1", port))
        self._client: socket.socket | None = None
        self._deaf = False  # the client has gone; what it typed before that is still to be read
        self._lines: Lines | None = None  # of a client that speaks RFC 2217
        self._ended_cr = False
        self._button: str | None = None

    @property
    def port(self) -> int:
        """The TCP port."""
        return self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """For raw bytes; nobody can press EN or BOOT through it."""
        return f"socket://127.0.0.1:{self.port}"

    @property
    def rfc2217_url(self) -> str:
        """For the same port with its control lines: DTR and RTS work as on a development board."""
        return f"rfc2217://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Pull the cable."""
        self._hang_up()
        self._listener.close()

    def watched(self) -> list[int]:
        return [(self._client or self._listener).fileno()]

    def typed(self, fd: int) -> bytes:
        if not self._client:
            self._client = self._listener.accept()[0]
            self._client.settimeout(_SLOW_S)
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return b""
        try:
            received = self._client.recv(65536)
        except OSError:
            received = b""
        if not received:
            self._hang_up()
            return b""
        if self._lines is None and Lines.begins(received):
            self._lines = Lines(self._send)
        if self._lines:
            received = self._lines.received(received)
            self._button = self._lines.button() or self._button
        return received

    def shown(self, text: bytes, raw: bool = False) -> None:
        if self._client:
            self._send(self.encoded(text, raw))

    def encoded(self, text: bytes, raw: bool) -> bytes:
        """`text` as it goes over the wire."""
        if not raw:
            begun = b"\r" if self._ended_cr else b""
            text = _BARE_LF.sub(b"\r\n", begun + text)[len(begun):]
        self._ended_cr = text.endswith(b"\r")
        return self._lines.escaped(text) if self._lines else text

    def button(self) -> str | None:
        pressed, self._button = self._button, None
        return pressed

    def _send(self, data: bytes) -> None:
        try:
            if self._client and not self._deaf:
                self._client.sendall(data)
        except TimeoutError:
            self._hang_up()
        except OSError:
            self._deaf = True

    def _hang_up(self) -> None:
        if self._client:
            self._client.close()
        self._client = self._lines = None
        self._deaf = False
