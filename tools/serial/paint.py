"""Colours for a board's log, by the level of each line."""

from __future__ import annotations

import os
import re
import sys
import time

_RESET = "\x1b[0m"
_DIM, _RED, _YELLOW, _CYAN = "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[36m"
_LEVELS = {"D": _DIM, "I": "", "W": _YELLOW, "E": _RED}
_LINE = re.compile(r" *\d+\.\d{3} ([DIWE]) ")
_CHIP = re.compile(r"rst:0x|ets |ESP-ROM:|MPY: soft reboot|boot: ")
_FAULT = re.compile(r"Traceback|\w*(Error|Exception|Interrupt): |  File \"|Guru Meditation|E \(\d+\) ")


def wants_colour(no_color: bool) -> bool:
    """Colours: on a terminal that has them, unless they are not wanted, also by https://no-color.org."""
    unwanted = no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not unwanted


def painted(line: str, colour: bool) -> str:
    """The line in the colour of its level; the chip's own lines and tracebacks have theirs."""
    if not colour:
        return line
    if found := _LINE.match(line):
        paint = _LEVELS[found[1]]
    elif _FAULT.match(line):
        paint = _RED
    else:
        paint = _CYAN if _CHIP.match(line) else ""
    return f"{paint}{line}{_RESET}" if paint else line


def stamp() -> str:
    """The host's time of day, to put in front of a line."""
    now = time.time()
    return f"{time.strftime('%H:%M:%S', time.localtime(now))}.{int(now * 1000) % 1000:03} "
