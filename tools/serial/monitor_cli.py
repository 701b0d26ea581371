"""The command `python -m tools monitor`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tools import failures
from tools.serial import listen, paint
from tools.serial.port import PortError, add_port

HELP = "show a board's log with times and colours, over resets and pulled cables; Ctrl-C ends it. The board goes on."


def configure(parser: argparse.ArgumentParser) -> None:
    add_port(parser)
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="stop after so long")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append it to this file, too")
    parser.add_argument("--no-color", action="store_true", help="no colours")
    parser.add_argument("--no-time", action="store_true", help="no time of day in front of each line")


@failures.told("monitor", PortError, OSError)
def run(args: argparse.Namespace) -> int:
    """0 when it was ended, 1 when the port cannot be opened, or the file not be written."""
    colour = paint.wants_colour(args.no_color)
    end = None if args.seconds is None else time.monotonic() + args.seconds
    log = None

    def show(line: str) -> None:
        stamp = "" if args.no_time else paint.stamp()
        print(stamp + paint.painted(line, colour), flush=True)
        if log:
            print(stamp + line, file=log, flush=True)

    try:
        log = open(args.log, "a", encoding="utf8") if args.log else None  # noqa: SIM115 - closed below
        listen.keep_listening(args.port, show, lambda text: print(text, file=sys.stderr, flush=True),
                              lambda: end is not None and time.monotonic() > end)
    except KeyboardInterrupt:
        print()
    finally:
        if log:
            log.close()
    return 0
