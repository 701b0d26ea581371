"""Boards and images for the tests of the virtual board; nothing of the agent is in them."""

import functools
import os
import tempfile
from pathlib import Path

import pytest

from tools import build, image
from tools.board.flash import Flash
from tools.board.power import RunResult
from tools.board.virtual import VirtualBoard

# The ESP32's word size; left out only where it is said that such programs do not run.
_NO_I386 = pytest.mark.skipif(bool(os.environ.get("NO_I386")), reason="NO_I386 is set")
I386 = pytest.param("i386", marks=_NO_I386)
PROMPT = "MicroPython v"  # the first line of a board whose scripts have ended


@functools.cache
def romfs(**modules: str) -> bytes:
    """A ROMFS of compiled modules: name -> source."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "source"), Path(folder, "out")
        source.mkdir()
        for name, text in (modules or {"nothing": ""}).items():
            (source / f"{name}.py").write_text(text)
        build.compile_tree(source, out)
        return build.romfs(out)


def firmware(version: str = "1.0.0", **modules: str) -> bytes:
    """An application image with these modules at /rom."""
    return image.make(romfs(**modules), version=version)


def make_board(folder: Path, main: str = "", **more) -> VirtualBoard:
    """A board whose file system holds this main.py; `more` as `factory.create`, boot= for /boot.py."""
    files = {path: text.encode() for path, text in more.pop("files", {}).items()}
    if "boot" in more:
        files["/boot.py"] = more.pop("boot").encode()
    more.setdefault("firmware", firmware())
    return VirtualBoard.create(
        folder, entry_url="http://127.0.0.1:1", hardware_key="key-not-to-be-shown", sn="sn-1",
        main=main.encode(), files=files, **more)


def run_to_prompt(board: VirtualBoard, **options) -> RunResult:
    """Run until the scripts have ended and nothing resets the board any more; fails after 20 s."""
    result = board.run(20, until=lambda line: line.startswith(PROMPT), **options)
    assert any(line.startswith(PROMPT) for line in result.lines), "\n".join(result.lines)
    return result


def new_flash(folder: Path, size: int = 0x10000, **options) -> Flash:
    """An erased flash of `size` bytes."""
    Flash.create(folder / "flash.bin", size)
    return Flash(folder / "flash.bin", **options)
