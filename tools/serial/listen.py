"""Listens to a board: its log line by line, over resets and pulled cables."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import serial

from tools.serial.port import PortError, open_port, reason

_PIECE_S = 0.2
_AGAIN_S = 1.0
_LONGEST = 1024  # bytes of a line: a port that sends noise ends none
_UNSEEN = re.compile(r"\x1b(?!\[[\d;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")  # but tab and colours


def follow(link: serial.SerialBase, show: Callable[[str], None], until: Callable[[], bool]) -> None:
    """Hand each line that comes to `show`, until `until()` is true. Raises PortError when the port goes."""
    rest = b""
    while not until():
        rest += _heard(link)
        *lines, rest = rest.split(b"\n")
        if len(rest) > _LONGEST:
            lines, rest = [*lines, rest], b""
        for line in lines:
            show(_seen(line))
    if rest:
        show(_seen(rest))


def _seen(line: bytes) -> str:
    """What a terminal can show without harm: noise has its control codes in it, too."""
    return _UNSEEN.sub("\ufffd", line.decode(errors="replace").rstrip("\r"))


def keep_listening(port: str, show: Callable[[str], None], say: Callable[[str], None],
                   until: Callable[[], bool] = lambda: False, link: serial.SerialBase | None = None) -> None:
    """`follow` for ever: when the port goes, wait until it comes back. The first opening must succeed.

    link: the port when it is open already; it is closed at the end. Raises PortError.
    """
    link = link or open_port(port)
    while not until():
        try:
            with link:
                follow(link, show, until)
        except PortError as error:
            say(f"--- {port}: {error}; waiting for it ---")
            if again := _reopened(port, until):
                say(f"--- {port} is back ---")
                link = again


def _heard(link: serial.SerialBase) -> bytes:
    try:
        link.timeout = _PIECE_S
        return link.read(max(1, link.in_waiting))
    except OSError as error:  # of the port; those of `show`, as a pipe that nobody reads, are the caller's
        raise PortError(reason(error)) from error


def _reopened(port: str, until: Callable[[], bool]) -> serial.SerialBase | None:
    while not until():
        try:
            return open_port(port)
        except PortError:
            time.sleep(_AGAIN_S)
    return None
