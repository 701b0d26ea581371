"""The command `python -m tools deploy`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tools import ROOT, failures
from tools.build import BuildError
from tools.serial import deploy, diagnosis, listen, paint
from tools.serial.port import PortError, add_port
from tools.serial.repl import BoardError, Repl, connect, told

HELP = ("put the agent and an application on a board with stock MicroPython: compile, copy what changed, remove what "
        "is gone, verify, restart, follow the log. Identity, settings and certificates stay.")


def configure(parser: argparse.ArgumentParser) -> None:
    add_port(parser)
    parser.add_argument("--app", type=Path, default=ROOT, metavar="DIR",
                        help="folder with main.py and, if it has modules, lib/ (default: this checkout)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and restart the board")
    parser.add_argument("--no-follow", action="store_true", help="do not show the board's log afterwards")
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="follow the log for so long")
    parser.add_argument("--no-color", action="store_true", help="no colours in the log")


@failures.told("deploy", PortError, BoardError, BuildError, text=told)
def run(args: argparse.Namespace) -> int:
    """0 when the board has what it should; 1 with the reason when not."""
    with connect(args.port, say) as repl:
        try:
            _deploy(repl, args)
        finally:
            repl.restart()
        say("restarted")
        if not args.no_follow and not args.dry_run:
            _follow(repl, args)
    return 0


def say(text: str) -> None:
    """Progress."""
    print(text, flush=True)


def _deploy(repl: Repl, args: argparse.Namespace) -> None:
    repl.call("files", "empty", deploy.STAGE)  # what an interrupted deployment left counts as free
    about = repl.call("files", "about", keys=deploy.ABOUT)
    frozen = bool(about["agent"]) and diagnosis.in_firmware(about["agent"][0])
    files = deploy.wanted(args.app, with_agent=not frozen)
    if beside := deploy.left_beside(args.app):
        say(f"note: not deployed, for modules belong into lib/: {', '.join(beside)}")
    deploy.check(about, files)
    deploy.check_hidden(repl, files)
    plan = deploy.make_plan(repl, files)
    if frozen:
        say(f"the firmware brings the agent {about['agent'][1]} along: only the application is deployed")
    say(f"MicroPython {'.'.join(map(str, about['version']))}: {len(plan.write)} files to write, "
        f"{len(plan.remove)} to remove, {plan.same} as they should be")
    if args.dry_run:
        for path in [*plan.write, *plan.remove]:
            say(f"  {'write' if path in plan.write else 'remove'}  {path}")
        return
    if not plan.nothing:
        began = time.monotonic()
        deploy.carry_out(repl, plan, files, about["free"], say)
        say(f"verified, {time.monotonic() - began:.1f} s")
    if any(about["slots"].values()):
        repl.call("files", "choose", 0)
        say("the board ran a slot that an update had filled: it runs the files in the root again")


def _follow(repl: Repl, args: argparse.Namespace) -> None:
    colour = paint.wants_colour(args.no_color)
    end = None if args.seconds is None else time.monotonic() + args.seconds
    say("--- the board's log; Ctrl-C ends this, and leaves the board running ---")

    def over() -> bool:
        return end is not None and time.monotonic() > end

    def show(line: str) -> None:
        print(paint.painted(line, colour), flush=True)

    try:  # where USB is part of the chip, the port goes with the reset
        listen.keep_listening(args.port, show, say, over, repl.serial)
    except KeyboardInterrupt:
        print()
