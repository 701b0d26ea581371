"""How an image is built: MicroPython's source at its pin, then the vendor's container with ESP-IDF in it.

Steps as MicroPython's ports/esp32/README.md and Espressif's "IDF Docker Image" guide give them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT
from tools.firmware.boards import FirmwareBoard, Pins

ENGINES = ("docker", "podman")


class CannotBuild(Exception):
    """Something is missing or failed; the text says what to do."""


@dataclass(frozen=True)
class Build:
    """One image: for which board, from which versions, into which folder."""

    board: FirmwareBoard
    pins: Pins
    out: Path

    @property
    def source(self) -> Path:
        """Where MicroPython's source tree is kept between builds."""
        return ROOT / ".cache" / "firmware" / f"micropython-{self.pins.micropython_tag}"

    @property
    def app(self) -> Path:
        """The application image: what an update carries."""
        return self.out / "micropython.bin"

    @property
    def settings(self) -> tuple[Path, ...]:
        """What a build leaves in `out` that the next one prefers to changed settings, versions and boards."""
        return self.out / "sdkconfig", self.out / "CMakeCache.txt"

    def clone(self) -> list[str]:
        """argv that fetches the source."""
        return ["git", "clone", "--depth", "1", "--branch", self.pins.micropython_tag, self.pins.micropython_url,
                str(self.source)]

    def compile(self, engine: str) -> list[str]:
        """argv that builds, as the calling user, so that what it writes belongs to them.

        Without SELinux's labels: with them, a container reads a checkout only once all of it has been given new ones.
        """
        port = f"make -C /micropython/ports/esp32 BOARD_DIR=/xyte/firmware/boards/{self.board.name} BUILD=/out"
        script = f"make -C /micropython/mpy-cross && {port} submodules && {port} all"
        return [engine, "run", "--rm", *_as_caller(engine), "--security-opt", "label=disable",
                "--env", "HOME=/tmp", "--env", "IDF_GIT_SAFE_DIR=/micropython",
                "--volume", f"{self.source}:/micropython", "--volume", f"{ROOT}:/xyte:ro",
                "--volume", f"{self.out}:/out", self.pins.container, "bash", "-c", script]

    def lines(self, engine: str) -> list[str]:
        """The commands, for a person to read or to type."""
        fresh = ["mkdir", "-p", str(self.out)], ["rm", "-f", *map(str, self.settings)]
        return [shlex.join(argv) for argv in (self.clone(), *fresh, self.compile(engine))]

    def run(self, engine: str) -> None:
        """Fetch what is missing and build. Raises CannotBuild."""
        if not self.source.exists():
            self.source.parent.mkdir(parents=True, exist_ok=True)
            _must(self.clone(), "fetching MicroPython's source")
        self._check_source()
        self.out.mkdir(parents=True, exist_ok=True)
        for file in self.settings:
            file.unlink(missing_ok=True)
        _must(self.compile(engine), "the build in the container")

    def _check_source(self) -> None:
        found = subprocess.run(["git", "-C", str(self.source), "rev-parse", "HEAD"], check=False, text=True,
                               capture_output=True).stdout.strip()
        if found != self.pins.micropython_commit:
            raise CannotBuild(f"{self.source} is at {found or 'no commit'}, firmware/versions.toml wants "
                              f"{self.pins.micropython_commit}: remove the folder, it is fetched again")


def engine(wanted: str | None) -> str:
    """A container engine that answers. wanted: one by name. Raises CannotBuild, which says what is missing."""
    there = [name for name in ((wanted,) if wanted else ENGINES) if shutil.which(name)]
    for name in there:
        if subprocess.run([name, "info"], check=False, capture_output=True).returncode == 0:
            return name
    if there:
        raise CannotBuild(f"{' and '.join(there)} installed, but no engine answers: start it, or see `{there[0]} info`")
    raise CannotBuild(f"no {wanted or ' or '.join(ENGINES)} here: install one, or run the steps of --dry-run elsewhere")


def _as_caller(engine: str) -> list[str]:
    """Options with which the user inside the container is the calling user outside."""
    if engine == "podman":
        return ["--userns=keep-id"] if os.getuid() else []  # refused where podman itself runs as root
    return [] if _is_rootless(engine) else ["--user", f"{os.getuid()}:{os.getgid()}"]


def _is_rootless(docker: str) -> bool:
    """Does its engine run as the calling user? Then its root is that user, and every other one is a stranger."""
    if shutil.which(docker) is None:
        return False
    argv = [docker, "info", "--format", "{{.SecurityOptions}}"]
    return "name=rootless" in subprocess.run(argv, check=False, capture_output=True, text=True).stdout


def _must(argv: list[str], doing: str) -> None:
    """Run a program with its output shown."""
    try:
        status = subprocess.run(argv, check=False).returncode
    except FileNotFoundError:
        raise CannotBuild(f"{doing}: there is no {argv[0]} here") from None
    if status:
        raise CannotBuild(f"{doing} failed with status {status}, the reason is above")
