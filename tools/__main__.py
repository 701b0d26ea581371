"""The command line: finds the command in a table and imports only its module.

A command module offers ``configure(parser)``, which adds its options to an ``argparse.ArgumentParser``, and
``run(args) -> int``, whose result is the exit status. BrokenPipeError and KeyboardInterrupt it leaves to `main`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys

from tools import ROOT, ending

PROGRAM = "python -m tools"

# command -> (module, what it does)
COMMANDS = {
    "demo": ("tools.demo", "a cloud and a board on this machine: watch one register, report and obey"),
    "cloud": ("tools.cloud.cli", "run a local Xyte cloud"),
    "board": ("tools.board.cli", "make, run and look into virtual ESP32 boards"),
    "flash": ("tools.serial.flash_cli", "write MicroPython to a chip, and keep its identity and files"),
    "deploy": ("tools.serial.deploy_cli", "put agent and application on a board over its serial port"),
    "monitor": ("tools.serial.monitor_cli", "show a board's log, over resets and pulled cables"),
    "console": ("tools.serial.console_cli", "status, update, reboot, reset of identity of a board on the bench"),
    "doctor": ("tools.serial.doctor_cli", "say what is wrong with a board, and what to do"),
    "build": ("tools.update.build_cli", "compile the agent, pack an update: application or firmware"),
    "firmware": ("tools.firmware.cli", "build a MicroPython image with the agent frozen in"),
    "keys": ("tools.update.keys_cli", "make keys that updates are signed with"),
    "sign": ("tools.update.sign_cli", "sign an update: the fields for the cloud's file form"),
    "verify": ("tools.update.verify_cli", "say what a board would say to an update"),
    "provision": ("tools.provision.cli", "make connected boards devices, many at once, from a list"),
    "labels": ("tools.labels.cli", "print the labels of devices again"),
    "check": ("tools.check", "lint, types, layers and sizes: what to run before a push"),
    "micropython": ("tools.interpreter", "run the MicroPython interpreter the tests use, or print its path"),
}


def main(argv: list[str]) -> int:
    """Run one command.

    argv: the words after ``python -m tools``. Returns the exit status: that of the command, 2 when the words
    make no sense, 130 after Ctrl-C, SIGTERM or SIGHUP.
    """
    try:
        with ending.ended_by_signals():
            try:
                return dispatch(argv)
            finally:
                sys.stdout.flush()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # `... | head` has read enough; the flush at exit must not complain either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def dispatch(argv: list[str]) -> int:
    """The overview, a complaint, or the command that the first word names."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    if argv[0] not in COMMANDS:
        print(f"{PROGRAM}: there is no command {argv[0]!r}\n\n{overview()}", file=sys.stderr)
        return 2
    return run_command(*argv)


def run_command(name: str, *words: str) -> int:
    """Import the module of a command that is in the table, parse its words, run it."""
    module_name, summary = COMMANDS[name]
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        print(f"{PROGRAM} {name}: the Python module {missing.name!r} is missing, "
              f"run `make setup` in {ROOT}", file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(prog=f"{PROGRAM} {name}", description=getattr(module, "HELP", summary))
    module.configure(parser)
    return module.run(parser.parse_args(words))


def overview() -> str:
    """The text of ``python -m tools --help``."""
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items())
    return (f"usage: {PROGRAM} COMMAND [options]\n\nHost tools of the Xyte agent.\n\n{rows}\n\n"
            f"`{PROGRAM} COMMAND --help` explains one of them.")


def enter_environment() -> None:
    """Start again under .venv's Python when there is one and this is a Python outside any environment.

    So ``python3 -m tools`` works without activating anything; whoever did activate an environment keeps it.
    """
    python = ROOT / ".venv" / "bin" / "python"
    if sys.prefix == sys.base_prefix and python.exists():
        os.execv(python, [str(python), "-m", "tools", *sys.argv[1:]])


if __name__ == "__main__":
    enter_environment()
    sys.exit(main(sys.argv[1:]))
