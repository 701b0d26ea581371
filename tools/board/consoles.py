"""Who types at a board and sees what it prints: a terminal, a serial port, several of them, or nobody."""

from __future__ import annotations

import os
from typing import Protocol


class Console(Protocol):
    """One place to type at."""

    def watched(self) -> list[int]:
        """File descriptors that may become readable now."""
        ...

    def typed(self, fd: int) -> bytes:
        """Called when `fd` is readable: what was typed, possibly nothing."""
        ...

    def shown(self, text: bytes, raw: bool) -> None:
        """The board printed `text`; raw: it wants the bytes sent as they are."""
        ...

    def button(self) -> str | None:
        """What was done to the chip's EN and BOOT pins since the last call: "run", "download", or nothing."""
        ...


class Terminal:
    """A terminal or a pipe that is typed into; the log shows what the board prints."""

    def __init__(self, fd: int):
        self._fds = [fd]

    def watched(self) -> list[int]:
        return self._fds

    def typed(self, fd: int) -> bytes:
        typed = os.read(fd, 4096)
        if not typed:
            self._fds = []
        return typed.replace(b"\n", b"\r")  # that is what Enter is on a serial line

    def shown(self, text: bytes, raw: bool) -> None:
        """Nothing: whoever sits at the terminal sees the log."""

    def button(self) -> str | None:
        return None


class Consoles:
    """All consoles of a board as one."""

    def __init__(self, *consoles: Console):
        self._consoles = consoles

    def __bool__(self) -> bool:
        """Can anybody type?"""
        return bool(self._consoles)

    def watched(self) -> list[int]:
        return [fd for console in self._consoles for fd in console.watched()]

    def typed(self, fd: int) -> bytes:
        return b"".join(console.typed(fd) for console in self._consoles if fd in console.watched())

    def shown(self, text: bytes, raw: bool = False) -> None:
        for console in self._consoles:
            console.shown(text, raw)

    def button(self) -> str | None:
        return next(filter(None, [console.button() for console in self._consoles]), None)
