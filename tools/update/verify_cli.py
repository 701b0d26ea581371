"""The command `python -m tools verify`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tools import failures
from tools.semver import is_semver
from tools.update import signing
from tools.update.describe import Description
from tools.update.sign_cli import fields_file
from tools.update.verdict import SLOT_BYTES, Board, Refused, judge

HELP = "say what a board would say to an update: what it is, or why it is refused"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the payload")
    parser.add_argument("--fields", type=Path, metavar="JSON",
                        help="its form fields, of `sign` (default: FILE.json, if it is there)")
    parser.add_argument("--key", type=Path, action="append", default=[], metavar="PUB",
                        help="a public key on the board; may be repeated. With one, a signature is required")
    parser.add_argument("--running", type=_version, metavar="VERSION", help="version that the board runs")
    parser.add_argument("--allow-downgrade", action="store_true", help="as the command's parameter of that name")
    parser.add_argument("--chip", default=Board.chip, help=f"the board's chip (default: {Board.chip})")
    parser.add_argument("--project", default=Board.project,
                        help=f"project name of the firmware it runs (default: {Board.project})")
    parser.add_argument("--slot", type=_size, default=SLOT_BYTES, metavar="BYTES",
                        help=f"size of its slots (default: {SLOT_BYTES:#x})")


@failures.told("verify", OSError, ValueError)
def run(args: argparse.Namespace) -> int:
    """0 when the board would take it; 1 with the reason when not, or when something is missing."""
    fields = _fields(args)
    keys = tuple(map(signing.load_public, args.key))
    board = Board(keys, args.running, args.chip, args.project, args.slot, args.allow_downgrade)
    try:
        found = judge(args.file.read_bytes(), fields, board)
    except Refused as reason:
        print(f"refused: {reason}")
        return 1
    print(_told(found))
    print(_taken(fields, board))
    return 0


def _fields(args: argparse.Namespace) -> dict[str, Any] | None:
    """The form fields, or None when there are none to judge by. Raises OSError, ValueError."""
    path = args.fields or fields_file(args.file)
    if not args.fields and not path.exists():
        if args.key:
            raise ValueError(f"{path} is missing: --key needs the form fields, `sign` writes them")
        return None
    try:
        value = json.loads(path.read_text())
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(text is None or isinstance(text, str) for text in value.values()):
        raise ValueError(f"{path} holds no form fields: `sign` writes them")
    return value


def _told(found: Description) -> str:
    lines = [f"{found.kind} {found.version} for {found.chip}, {found.size} bytes, SHA-256 {found.sha256}"]
    if found.project:
        lines.append(f"project {found.project}")
    if found.compressed:
        lines.append(f"gzip, {found.stored_size} bytes to fetch")
    lines += [f"  {size:7}  {path}" for path, size in found.files]
    return "\n".join(lines)


def _taken(fields: dict[str, Any] | None, board: Board) -> str:
    if fields is None:
        return "the payload is sound; without form fields, checksum and signature were not looked at"
    if board.running is not None and fields["version"] == board.running:
        return "the board would report done: it runs this version already"
    return "the board would install it" + ("" if board.keys else "; no key was given, so it asks for no signature")


def _size(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes, as {SLOT_BYTES:#x}") from None


def _version(text: str) -> str:
    if not is_semver(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a semantic version (1.2.3)")
    return text
