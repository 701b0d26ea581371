"""The command `python -m tools doctor`."""

from __future__ import annotations

import argparse
import json
import sys

from tools import failures
from tools.serial import doctor, paint
from tools.serial.diagnosis import FAIL, OK, WARN, Finding
from tools.serial.port import PortError, add_port
from tools.serial.repl import BoardError, connect, told

HELP = ("say what is wrong with a board, and what to do: firmware, partitions, memory, identity, settings, Wi-Fi, "
        "clock, TLS. Stops its program and restarts it at the end. Shows no secret.")

_PAINT = {OK: "\x1b[32m", WARN: "\x1b[33m", FAIL: "\x1b[31m"}


def configure(parser: argparse.ArgumentParser) -> None:
    add_port(parser)
    parser.add_argument("--offline", action="store_true", help="leave out what needs the network")
    parser.add_argument("--json", action="store_true", help="one JSON object with all findings")
    parser.add_argument("--no-color", action="store_true", help="no colours")
    parser.epilog = "Exit status: 0 nothing failed, 1 something did, 2 the board could not be asked."


@failures.told("doctor", PortError, BoardError, status=2, text=told)
def run(args: argparse.Namespace) -> int:
    colour = paint.wants_colour(args.no_color)
    findings = []
    with connect(args.port, lambda text: print(text, file=sys.stderr)) as repl:
        try:
            for finding in doctor.examine(repl, not args.offline):
                findings.append(finding)
                if not args.json:
                    print(_line(finding, colour), flush=True)
        finally:
            repl.restart()
    failed = [finding.check for finding in findings if finding.verdict == FAIL]
    if args.json:
        print(json.dumps({"port": args.port, "failed": failed, "findings": [f.as_dict() for f in findings]}, indent=1))
    else:
        print(f"{len(failed)} of {len(findings)} failed" + (f": {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def _line(finding: Finding, colour: bool) -> str:
    verdict = f"{finding.verdict:4}"
    if colour:
        verdict = f"{_PAINT[finding.verdict]}{verdict}\x1b[0m"
    advice = f"\n{'':19}-> {finding.advice}" if finding.advice else ""
    return f"{verdict}  {finding.check:11}  {finding.text}{advice}"
