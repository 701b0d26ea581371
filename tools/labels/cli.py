"""The command `python -m tools labels`: labels again, for devices that were made before."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from tools import failures
from tools.labels import sheet
from tools.labels.drawing import Label
from tools.labels.folder import LabelFolder
from tools.provision import codes, found, line
from tools.provision.audit import DONE, AuditLog
from tools.provision.problem import ProvisionError
from tools.provision.work import stopped

HELP = "print labels again: from the audit log, or from connected boards, which know their set-up password"


def configure(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--log", type=Path, metavar="FILE", help="audit log of `provision`; it knows no passwords")
    source.add_argument("--ports", nargs="+", metavar="PORT", help="ask these boards; all: every USB serial port")
    parser.add_argument("--sn", nargs="+", default=[], help="only these (default: all)")
    parser.add_argument("--portal", default="", metavar="DOMAIN",
                        help="your customers' domain, as cloud.example.com; without it there is no claim QR")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="SVG files and a PDF sheet")


@failures.told("labels", ProvisionError, OSError)
def run(args: argparse.Namespace) -> int:
    """0; 1 with the reason, on stderr or in a board's verdict, when labels are missing."""
    if args.portal:
        codes.claim_address(args.portal, "")
    with line.ended_once():
        there, all_there = _in_log(args) if args.log else _on_boards(args)
        labels = [label for label in there if not args.sn or label.sn in args.sn]
        if labels:
            _keep(labels, args.out)
    if missing := set(args.sn) - {label.sn for label in labels}:
        raise ProvisionError(f"not found: {', '.join(sorted(missing))}")
    if not labels:
        raise ProvisionError("no finished device there")
    return int(not all_there)


def _keep(labels: Sequence[Label], out: Path) -> None:
    folder = LabelFolder(out)
    for label in labels:
        print(folder.keep(label) or f"{label.sn}: the label that is there says more than this one, and stays")
    print(folder.keep_sheet(sorted(labels, key=lambda label: label.sn)))
    for fault in sheet.faults(labels):
        print(fault)


def _in_log(args: argparse.Namespace) -> tuple[list[Label], bool]:
    if not args.log.exists():
        raise ProvisionError(f"{args.log} is not there")
    with AuditLog(args.log) as log:
        devices = {entry["mac"]: entry for entry in log.entries if entry["result"] == DONE}
    return [Label(entry["sn"], entry["mac"], codes.claim(args.portal, entry.get("cloud_id", "")), entry.get("name", ""))
            for entry in devices.values()], True


def _on_boards(args: argparse.Namespace) -> tuple[list[Label], bool]:
    """The labels of the boards that could tell, and whether all could; a verdict on each is printed."""
    labels: list[Label] = []

    def ask(port: str, say: Callable[[str], None]) -> str:
        labels.append(label := _on_board(port, args.portal, say))
        return label.sn

    verdicts = line.run(line.ports(args.ports), ask)
    print(f"\n{line.summary(verdicts)}")
    return labels, all(verdict.ok for verdict in verdicts)


def _on_board(port: str, portal: str, say: Callable[[str], None]) -> Label:
    with stopped(port, say) as board:
        what = found.ask(board)
    kept = what.kept
    if not kept.get("sn"):
        raise ProvisionError("this board has no settings with a serial number")
    return Label(kept["sn"], what.mac, codes.claim(portal, kept.get("cloud_id", "")), kept.get("name", ""),
                 kept.get("setup_password", ""))
