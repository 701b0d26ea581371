"""What `deploy` puts on a board, and what it takes away: the agent compiled, boot.py, an application.

A board remembers what was deployed in the file `/.deployed`, a path a line; nothing that is not in that list is ever
removed, and identity, settings and certificates can never be in it. New files are written to `/.deploy` first, proven
by their SHA-256, and then moved to their places in one go: a cable pulled before that leaves the board as it was, one
pulled in that second leaves a board that the next `deploy` completes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT, build
from tools.serial.repl import BoardError, Repl
from tools.update import application

ABOUT = "version", "mpy", "free", "agent", "slots"  # what device/files.py tells of a board
MANIFEST = "/.deployed"
STAGE = "/.deploy"
_OURS = ("/lib/", "/main.py", "/boot.py")
_OLDEST = (1, 23)  # the module tls
_SPARE = 16 * 1024  # bytes that stay free for identity, crash note and the file system's own needs
_AT_ONCE = 16
_ARCHS = ("none", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa",
          "xtensawin", "rv32imc", "rv64imc")


@dataclass(frozen=True)
class Plan:
    """write: path -> bytes, what the board lacks or has otherwise. remove: paths that are not wanted any more."""

    write: dict[str, bytes]
    remove: list[str]
    same: int

    @property
    def nothing(self) -> bool:
        return not self.write and not self.remove


def wanted(folder: Path = ROOT, with_agent: bool = True) -> dict[str, bytes]:
    """What a board shall have, by path: `folder`'s main.py and, compiled, its lib/; the agent and boot.py of this
    checkout unless the board's firmware brings them. Raises BuildError.
    """
    source = application.main_source(folder / "main.py")
    agent = build.agent_files() if with_agent else {}
    modules = application.modules(folder / "lib", "/lib/", left_out=application.AGENT_NAME)
    return {**agent, **modules, "/main.py": source}


def left_beside(folder: Path) -> list[str]:
    """Names of modules beside main.py, which stay where they are."""
    return sorted(path.name for path in folder.glob("*.py") if path.name not in ("main.py", "boot.py"))


def check(about: dict, files: dict[str, bytes]) -> None:
    """Raises BoardError when the firmware described by device/files.py `about` cannot run these files."""
    if about["version"] < _OLDEST:
        raise BoardError(f"the board runs MicroPython {_dotted(about['version'])}, the agent needs "
                         f"{_dotted(_OLDEST)} or later: `tools flash` puts a newer one there")
    version, arch = about["mpy"] & 0xFF, about["mpy"] >> 10
    for path, data in files.items():
        if not path.endswith(".mpy"):
            continue
        if data[1] != version:
            raise BoardError(f"the board's MicroPython {_dotted(about['version'])} reads .mpy files of format "
                             f"{version}, this checkout's mpy-cross writes {data[1]}")
        native = data[2] >> 2 & 0x2F
        if native and native != arch:
            raise BoardError(f"{path} has native code for {_ARCHS[native]}, the board is {_ARCHS[arch]}")


def check_hidden(repl: Repl, files: dict[str, bytes]) -> None:
    """Raises BoardError when files on the board would be imported in place of `files`.

    MicroPython looks in the root before /lib, and for a .py before a .mpy of the same name.
    """
    rivals = {path.removesuffix(".mpy") + ".py" for path in files if path.endswith(".mpy")}
    for top in {path.split("/")[2].removesuffix(".mpy") for path in files if path.startswith("/lib/")}:
        rivals |= {f"/{top}", f"/{top}.py", f"/{top}.mpy"}
    found = [path for some in _portions(sorted(rivals - set(files))) for path in repl.call("files", "existing", some)]
    if found:
        raise BoardError(f"on the board, {', '.join(found)} would run in place of what is deployed: remove that first "
                         "(mpremote fs rm -r)")


def make_plan(repl: Repl, files: dict[str, bytes]) -> Plan:
    """Compare `files` with the board's. Raises BoardError, PortError."""
    before = (repl.read(MANIFEST) or b"").decode(errors="replace").split("\n")
    gone = sorted(path for path in before if path.startswith(_OURS) and ".." not in path and path not in files)
    found = _hashes(repl, files)
    write = {path: data for path, data in files.items() if found[path] != hashlib.sha256(data).hexdigest()}
    return Plan(write, gone, len(files) - len(write))


def carry_out(repl: Repl, plan: Plan, files: dict[str, bytes], free: int, say: Callable[[str], None]) -> None:
    """Bring the board to `files`. free: bytes on its file system. Raises BoardError, PortError."""
    size = sum(map(len, plan.write.values()))
    if size + 4096 * len(plan.write) > free - _SPARE:
        raise BoardError(f"{size} bytes in {len(plan.write)} files do not fit beside what is there: {free} bytes are "
                         "free. /slot_a and /slot_b may go, with what updates brought: mpremote fs rm -r :/slot_a")
    repl.call("files", "empty", STAGE)
    repl.call("files", "folder", STAGE)
    staged = {path: f"{STAGE}/{number}" for number, path in enumerate(plan.write)}
    for number, (path, data) in enumerate(plan.write.items(), 1):
        say(f"  {number:3}/{len(plan.write)}  {path}  {len(data)} bytes")
        repl.write(staged[path], data)
    _prove(repl, {staged[path]: data for path, data in plan.write.items()})
    _list(repl, {*files, *plan.remove})  # before the first of them is there
    for folder in sorted({path.rpartition("/")[0] for path in plan.write} - {""}):
        repl.call("files", "folder", folder)
    first = "/lib/xyte/__init__.mpy"  # without it a board with half of the agent has an empty package of that name
    for some in _portions([(staged[path], path) for path in sorted(staged, key=lambda path: path != first)]):
        repl.call("files", "move", some)
    for path in plan.remove:
        say(f"  gone     {path}")
    for some in _portions(plan.remove):
        repl.call("files", "remove", some)
    _list(repl, set(files))
    repl.call("files", "empty", STAGE)
    _prove(repl, files)


def _prove(repl: Repl, files: dict[str, bytes]) -> None:
    found = _hashes(repl, files)
    wrong = [path for path, data in files.items() if found[path] != hashlib.sha256(data).hexdigest()]
    if wrong:
        raise BoardError(f"not what was written: {', '.join(wrong)}. Deploy again; if that does not help, the flash "
                         "is worn out or the cable is bad")


def _hashes(repl: Repl, paths: Iterable[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for some in _portions(list(paths)):
        found |= repl.call("files", "hashes", some, keys=some)
    return found


def _portions(items: list) -> Iterator[list]:
    """What a board that is short of memory takes in one call."""
    for at in range(0, len(items), _AT_ONCE):
        yield items[at : at + _AT_ONCE]


def _list(repl: Repl, paths: set[str]) -> None:
    """Write the manifest by way of another name: a cut leaves the old one or the new one."""
    repl.write(f"{MANIFEST}.new", "\n".join(sorted(paths)).encode())
    repl.call("files", "move", [(f"{MANIFEST}.new", MANIFEST)])


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
