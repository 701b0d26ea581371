"""Makes a fresh checkout ready: environment, packages, stubs, interpreters. ``make setup`` runs it.

Only the standard library is imported, for this runs under the machine's own Python before anything is there.
Each step looks first whether it is needed, so a second run takes a moment.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tools import ROOT
from tools.interpreter import MissingInterpreter, find

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TYPINGS = ROOT / "typings"


class SetupError(Exception):
    """A step failed; the text says what to do."""


def main() -> int:
    """All steps in order; returns the exit status."""
    try:
        make_environment()
        install("packages", VENV / "installed", pins("dev", "bench", "locked"))
        install("stubs", TYPINGS / "installed", pins("stubs"),
                "--no-deps", "--upgrade", "--target", str(TYPINGS))
        for arch in ("native",) if os.environ.get("NO_I386") else ("native", "i386"):
            find(arch)
    except (SetupError, MissingInterpreter) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def make_environment() -> None:
    """Create .venv with pip, and Debian's package for that first if it is missing and this is root."""
    if PYTHON.exists() and runs(PYTHON, "-c", "import pip"):
        return
    if not runs(sys.executable, "-c", "import ensurepip, venv"):
        install_venv_package()
    print(f"making .venv with Python {sys.version.split()[0]} ...")
    must([sys.executable, "-m", "venv", "--clear", str(VENV)], "making .venv")


def install_venv_package() -> None:
    """Debian and Ubuntu keep ensurepip in a package of its own, named after the Python."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not shutil.which("apt-get"):
        raise SetupError("this Python has no ensurepip: install your system's package with Python's venv")
    if os.geteuid() != 0:
        raise SetupError(f"this Python cannot make environments: do `sudo apt-get install {package}`, "
                         "then `make setup` again")
    print(f"installing {package}, which this Python's venv module needs ...")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    if not runs(*install):
        must(["apt-get", "update", "-qq"], "apt-get update")
        must(install, f"installing {package}")


def pins(*groups: str) -> list[str]:
    """The exact requirements in these dependency groups of pyproject.toml."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        table = tomllib.load(file)["dependency-groups"]
    return [pin for group in groups for pin in table[group]]


def install(what: str, stamp: Path, requirements: list[str], *options: str) -> None:
    """pip-install `requirements` unless `stamp` says that exactly these are there already."""
    wanted = hashlib.sha256("\n".join(requirements).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {len(requirements)} {what} ...", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    must([*pip, *options, *requirements], f"installing the {what}")
    stamp.write_text(wanted)


def runs(*argv: str | Path) -> bool:
    """Whether a program exists and ends well; its output is not shown."""
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def must(argv: list[str], doing: str) -> None:
    """Run a program with its output shown; its failure ends the set-up."""
    if status := subprocess.run(argv, check=False).returncode:
        raise SetupError(f"{doing} failed with status {status}, the reason is above")


if __name__ == "__main__":
    sys.exit(main())
