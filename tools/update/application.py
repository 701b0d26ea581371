"""An application as a payload: `main.py`, its compiled modules below `lib/`, and the file `version`.

`main.py` stays source, for MicroPython looks for it by that name; it should be small.
"""

from __future__ import annotations

import ast
import codecs
import tempfile
from pathlib import Path

from tools import ROOT, build
from tools.build import BuildError
from tools.semver import is_semver
from tools.update import payload

MAIN = ROOT / "main.py"
LIB = ROOT / "lib"
AGENT_NAME = build.AGENT.name


def application(version: str, main: Path = MAIN, lib: Path = LIB, with_agent: bool = False) -> bytes:
    """The payload of an application: a canonical tar (see payload).

    version: SemVer; goes into the file `version`, by which a board knows what a slot holds, and into
    ``Agent(version="...")`` of main.py, which is what the device reports. lib: folder of the application's modules,
    `.py` or `.mpy`; the agent in it is left out. with_agent: this checkout's agent goes along, and runs instead of
    the one on the board. Raises BuildError and payload.PayloadError. Same sources, same bytes.
    """
    if not is_semver(version):
        raise BuildError(f"version {version!r} is not a semantic version (1.2.3)")
    files = {
        "main.py": with_version(main_source(main), version, main.name),
        "version": f"{version}\n".encode(),
        **modules(lib, "lib/", left_out=AGENT_NAME),
    }
    if with_agent:
        files |= {path[1:]: data for path, data in build.agent_files().items() if path.startswith("/lib/")}
    return payload.tar(files)


def with_version(source: bytes, version: str, name: str = "main.py") -> bytes:
    """`source` with another text in its one ``Agent(version="...")``. Raises BuildError when there is no such thing.

    Only the literal changes: the lines stay as they are, and so do the numbers in tracebacks.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise BuildError(f"{name}: {error}") from None
    found = [keyword.value for node in ast.walk(tree) if _makes_agent(node)
             for keyword in node.keywords if keyword.arg == "version"]
    if len(found) != 1 or not _is_literal(found[0]):
        raise BuildError(f'{name}: --version replaces the text in Agent(version="1.0.0"), which must be there once, '
                         "on one line and as a literal")
    literal = found[0]
    lines = source.splitlines(keepends=True)
    line = lines[literal.lineno - 1]
    lines[literal.lineno - 1] = line[: literal.col_offset] + f'"{version}"'.encode() + line[literal.end_col_offset :]
    return b"".join(lines)


def _makes_agent(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and "Agent" in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno == node.end_lineno


def main_source(main: Path) -> bytes:
    """`main` as it is, which MicroPython compiles on the board. Raises BuildError when it cannot."""
    try:
        source = main.read_bytes()
    except OSError as error:
        raise BuildError(f"{main}: {error.strerror}") from None
    if source.startswith(codecs.BOM_UTF8):
        raise BuildError(f"{main}: begins with a byte order mark, which MicroPython does not take; save it without")
    with tempfile.TemporaryDirectory() as scratch:
        build.compile_file(main, Path(scratch, "main.mpy"), main.name)
    return source


def modules(folder: Path, prefix: str, left_out: str = "") -> dict[str, bytes]:
    """The modules below `folder`, compiled: path in the payload -> bytes. A folder that is absent has none.

    left_out: a name at the top of `folder` that stays behind. Hidden files and caches never go along.
    """
    files: dict[str, bytes] = {}
    for source in sorted(folder.rglob("*")):
        name = source.relative_to(folder)
        skipped = name.parts[0] == left_out or any(part.startswith((".", "__pycache__")) for part in name.parts)
        if not skipped and source.is_symlink() and not source.exists():
            raise BuildError(f"{source}: a link to what is not there")
        if skipped or not source.is_file():
            continue
        path = (prefix + name.as_posix()).removesuffix(".py").removesuffix(".mpy") + ".mpy"
        if path in files:
            raise BuildError(f"{source}: the module is there twice, as .py and as .mpy")
        files[path] = _compiled(source, name.as_posix())
    return files


def _compiled(source: Path, name: str) -> bytes:
    """One module; name: what tracebacks show."""
    if source.suffix == ".mpy":
        data = source.read_bytes()
        if len(data) < 4 or not data.startswith(b"M"):
            raise BuildError(f"{source}: no compiled module, or an empty one; compile it again")
        return data
    if source.suffix != ".py":
        raise BuildError(f"{source}: no module; an application carries .py and .mpy files only")
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, "out.mpy")
        build.compile_file(source, target, name)
        return target.read_bytes()
