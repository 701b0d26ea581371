"""The command `python -m tools console`."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from tools import failures
from tools.serial import bench
from tools.serial.port import PortError, add_port
from tools.serial.repl import BoardError, Repl, connect, told

HELP = ("work with a board on the bench, with one command or at a prompt. Its program is stopped meanwhile and started "
        "again at the end.")

_COMMANDS = """commands:
  status           firmware, partitions, slots, memory, identity, settings
  update FILE      put an application (`tools build app`) into the free slot and run it
  reset-identity   forget the identity; the board registers anew. Asks for confirmation
  reboot           restart the board, and leave
  help, quit"""
_WARNING = """This erases the board's identity, both copies. The cloud knows the board until it is deleted there:
it can register again only after that. Device: {}
Type the last four characters of the device id to confirm: """


def configure(parser: argparse.ArgumentParser) -> None:
    add_port(parser)
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="one command, instead of a prompt")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _COMMANDS


@failures.told("console", PortError, BoardError, OSError, text=told)
def run(args: argparse.Namespace) -> int:
    """0, or 1 when the board or a command failed, 2 for a command that does not exist."""
    with connect(args.port, print) as repl:
        try:
            return _command(repl, args.command) if args.command else _prompt(repl)
        finally:
            repl.restart()


def _prompt(repl: Repl) -> int:
    """Commands until `quit`, `reboot` or the end of input."""
    print(_COMMANDS)
    while True:
        repl.patient()
        try:
            words = shlex.split(input("console> "))
        except EOFError:
            print()
            return 0
        except ValueError as error:
            print(error)
            continue
        if words[:1] in (["quit"], ["reboot"]):
            return 0
        try:
            if words:
                _command(repl, words)
        except (BoardError, OSError) as error:  # a lost port ends the prompt
            print(told(error))


def _command(repl: Repl, words: list[str]) -> int:
    name, *rest = words
    if name == "status" and not rest:
        print(*bench.status(repl), sep="\n")
    elif name == "update" and len(rest) == 1:
        version = bench.update(repl, Path(rest[0]), print)
        print(f"version {version} runs after the restart")
    elif name == "reset-identity" and not rest:
        return _reset_identity(repl)
    elif name == "reboot" and not rest:
        print("restarting")
    elif name == "help":
        print(_COMMANDS)
    else:
        print(f"{' '.join(words)}: no such command\n{_COMMANDS}", file=sys.stderr)
        return 2
    return 0


def _reset_identity(repl: Repl) -> int:
    device = repl.call("state", "identity")["id"]
    if not device:
        print("there is no identity in use")
    repl.patient()
    try:
        answer = input(_WARNING.format(device) if device else "Type yes to erase what is left of one: ")
    except EOFError:
        answer = ""
    if answer.strip() != (device[-4:] if device else "yes"):
        print("not confirmed; nothing was changed")
        return 1
    bench.reset_identity(repl)
    print("the identity is gone")
    return 0
