"""The command `python -m tools keys`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools import failures
from tools.update import signing

HELP = "make keys that updates are signed with"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="a new key pair: NAME.pem to sign with, NAME.pub for the boards")
    new.add_argument("name", metavar="NAME")
    new.add_argument("--dir", type=Path, default=Path("keys"), help="where to write both (default: keys)")


@failures.told("keys", signing.KeyFileError, OSError)
def run(args: argparse.Namespace) -> int:
    """0, or 1 with the reason on stderr. The private key is written, never printed."""
    private, public = signing.save(signing.new_key(), args.dir, args.name)
    print(f"{private}  signs updates: keep it secret, and keep a copy\n{public}  goes onto the boards")
    return 0
