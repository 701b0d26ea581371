"""Finds a real MicroPython for this machine, and fetches one when there is none.

The device code needs the unix port, 1.25 or later, with the ``tls`` module. Debian 12 has no such package,
Ubuntu's is too old: there the signed packages of a later Debian are unpacked into ``.cache`` by `debian`.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys

from tools import ROOT, failures

HELP = "run the MicroPython interpreter that the tests use, or print its path"

OLDEST = (1, 25)
CACHE = ROOT / ".cache" / "micropython"
_MACHINES = {  # platform.machine() -> Debian's name of the architecture
    "x86_64": "amd64", "aarch64": "arm64", "i386": "i386", "i586": "i386", "i686": "i386",
}
_PROBE = "import sys, tls, vfs\nprint('micropython', *sys.implementation[1][:2])"


class MissingInterpreter(Exception):
    """No usable MicroPython; the text says what to do about it."""


def find(arch: str = "native") -> list[str]:
    """The argv prefix that starts a MicroPython of at least version 1.25 with ``tls``.

    arch: ``native`` for whatever this machine is, or Debian's ``amd64``, ``i386``, ``arm64``. i386 has the
        ESP32's word and heap-block size.

    In this order: the variable (``MICROPYTHON``, for i386 ``MICROPYTHON_I386``), whose interpreter must then
    be good; ``micropython`` on ``PATH`` if it is; the copy in ``.cache/micropython``, fetched when it is not
    there. Raises `MissingInterpreter`.
    """
    host = _MACHINES.get(platform.machine(), platform.machine())
    arch = host if arch == "native" else arch
    variable = "MICROPYTHON" if arch == host else f"MICROPYTHON_{arch.upper()}"
    if chosen := os.environ.get(variable):
        if fault := fault_of([chosen]):
            raise MissingInterpreter(f"{variable}={chosen}: {fault}. Point it at a MicroPython >= 1.25 "
                                     "with the tls module, or unset it to have one fetched.")
        return [chosen]
    on_path = shutil.which("micropython") if arch == host else None
    if on_path and not fault_of([on_path]):
        return [on_path]
    return fetched(arch, variable)


def fetched(arch: str, variable: str) -> list[str]:
    """The argv prefix of the unpacked interpreter. `variable` is what the user may set instead."""
    from tools import debian  # only needed where nothing better was found

    try:
        folder = debian.ensure(arch, CACHE / arch, check=fault_of)
    except debian.FetchError as error:
        raise MissingInterpreter(f"no MicroPython >= 1.25 for {arch}: {error}\n"
                                 f"{advice(arch, variable)}") from error
    return debian.command(arch, folder)


def advice(arch: str, variable: str) -> str:
    """What a user can do about a missing interpreter. variable: what `find` reads for this architecture."""
    if variable != "MICROPYTHON":
        extra = " `make test NO_I386=1` goes without it." if arch == "i386" else ""
        return f"Set {variable} to an interpreter, or use a machine that runs {arch} programs.{extra}"
    if sys.platform == "darwin":
        return "Do `brew install micropython`, or set MICROPYTHON to an interpreter."
    return ("Set MICROPYTHON to an interpreter, or install one (Debian 13, Ubuntu 25.10 or later: `apt-get "
            "install micropython`), or use a machine with apt-get and a Debian mirror.")


def fault_of(command: list[str]) -> str | None:
    """Why this interpreter is of no use, in words, or None when it is good."""
    try:
        probe = subprocess.run([*command, "-c", _PROBE], check=False,
                               capture_output=True, text=True, timeout=20)
    except OSError as error:
        return f"does not start ({error.strerror or error})"
    except subprocess.TimeoutExpired:
        return "does not answer"
    words = probe.stdout.split()
    if probe.returncode or words[:1] != ["micropython"]:
        last = (probe.stderr or probe.stdout).strip().splitlines()[-1:] or ["no output"]
        return f"is not a MicroPython with tls and vfs ({last[0]})"
    if tuple(map(int, words[1:])) < OLDEST:
        return f"is version {'.'.join(words[1:])}, too old"
    return None


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--arch", default="native", choices=["native", "amd64", "arm64", "i386"],
                        help="i386 has the ESP32's word size (default: what this machine is)")
    parser.add_argument("--path", action="store_true", help="print the command that starts it, and stop")
    parser.add_argument("args", nargs="*", metavar="-- ARGS",
                        help="handed to MicroPython: options, a script and its arguments")


@failures.told("micropython", MissingInterpreter)
def run(args: argparse.Namespace) -> int:
    """Become the interpreter, so that signals, the terminal and the exit status are its own."""
    command = find(args.arch)
    if args.path:
        print(*command)
        return 0
    sys.stdout.flush()
    os.execv(command[0], [*command, *args.args])
