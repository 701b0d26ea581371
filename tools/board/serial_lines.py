"""The control lines of the serial port, RFC 2217 over Telnet, and the two transistors of a development board.

The protocol is pyserial's own server side. DTR and RTS drive EN (reset) and IO0 (BOOT) crosswise, as on Espressif's
boards: RTS alone holds the chip in reset, DTR alone pulls IO0. A capacitor keeps EN low a little longer than RTS, so
IO0 is read as it is when RTS has been let go: low means download mode.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from serial.rfc2217 import IAC, PortManager


class Lines:
    """One client's view of the port. send: writes bytes to it."""

    def __init__(self, send: Callable[[bytes], None]):
        self._pins = _Pins()
        self._manager = PortManager(self._pins, SimpleNamespace(write=send))

    @staticmethod
    def begins(data: bytes) -> bool:
        """Do these first bytes of a connection come from a client that speaks RFC 2217?"""
        return data.startswith(IAC)

    def received(self, data: bytes) -> bytes:
        """Take the protocol out of what came; returns what was typed."""
        return b"".join(self._manager.filter(data))

    def escaped(self, data: bytes) -> bytes:
        """`data` so that the client does not take it for protocol."""
        return data.replace(IAC, IAC + IAC)

    def button(self) -> str | None:
        """As `consoles.Console.button`."""
        pressed, self._pins.pressed = self._pins.pressed, None
        return pressed


class _Pins:
    """What PortManager takes for a serial port; only DTR and RTS do something."""

    baudrate = 115200
    bytesize, parity, stopbits = 8, "N", 1
    xonxoff = rtscts = break_condition = False
    cts = dsr = cd = True
    ri = False

    def __init__(self) -> None:
        self._dtr = self._rts = self._in_reset = False
        self.pressed: str | None = None

    @property
    def dtr(self) -> bool:
        return self._dtr

    @dtr.setter
    def dtr(self, on: bool) -> None:
        self._dtr = on
        self._settle()

    @property
    def rts(self) -> bool:
        return self._rts

    @rts.setter
    def rts(self, on: bool) -> None:
        self._rts = on
        self._settle()

    def _settle(self) -> None:
        if self._rts:
            self._in_reset = self._in_reset or not self._dtr
        elif self._in_reset:
            self._in_reset = False
            self.pressed = "download" if self._dtr else "run"

    def reset_input_buffer(self) -> None:
        """There is none."""

    reset_output_buffer = reset_input_buffer
