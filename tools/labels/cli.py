"""The command `python -m tools labels`: labels again, for devices that were made before."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

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
    parser.add_argument("--portal", required=True, metavar="DOMAIN", help="your customers' domain: cloud.example.com")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="SVG files and a PDF sheet")


def run(args: argparse.Namespace) -> int:
    """0; 1 with the reason on stderr."""
    try:
        found = _in_log(args.log, args.portal) if args.log else _on_boards(line.ports(args.ports), args.portal)
        labels = [label for label in found if not args.sn or label.sn in args.sn]
        if missing := set(args.sn) - {label.sn for label in labels}:
            raise ProvisionError(f"not found: {', '.join(sorted(missing))}")
        if not labels:
            raise ProvisionError("no finished device there")
        folder = LabelFolder(args.out)
        for label in labels:
            print(folder.keep(label))
        print(folder.keep_sheet(sorted(labels, key=lambda label: label.sn)))
    except BrokenPipeError:
        raise
    except (ProvisionError, OSError) as error:
        print(f"labels: {error}", file=sys.stderr)
        return 1
    return 0


def _in_log(path: Path, portal: str) -> Iterable[Label]:
    if not path.exists():
        raise ProvisionError(f"{path} is not there")
    with AuditLog(path) as log:
        devices = {entry["mac"]: entry for entry in log.entries if entry["result"] == DONE and "cloud_id" in entry}
    return [Label(entry["sn"], entry["mac"], codes.claim_address(portal, entry["cloud_id"]), entry.get("name", ""))
            for entry in devices.values()]


def _on_boards(ports: Iterable[str], portal: str) -> Iterable[Label]:
    for port in ports:
        try:
            label = _on_board(port, portal)
        except ProvisionError as error:
            raise ProvisionError(f"{port}: {error}") from error
        yield label


def _on_board(port: str, portal: str) -> Label:
    with stopped(port, lambda text: print(f"{port}  {text}")) as board:
        what = found.ask(board)
    kept = what.kept
    if not kept.get("sn") or not kept.get("cloud_id"):
        raise ProvisionError("this board has no settings with a serial number and a Cloud ID")
    return Label(kept["sn"], what.mac, codes.claim_address(portal, kept["cloud_id"]), kept.get("name", ""),
                 kept.get("setup_password", ""))
