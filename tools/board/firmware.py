"""The shim's modules as a ROMFS, compiled once per host process."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from tools import build

SHIM = Path(__file__).parent / "shim"
START = SHIM / "start.py"


@functools.cache
def shim_romfs() -> bytes:
    """ROMFS of every module in shim/. Raises tools.build.BuildError when one does not compile."""
    with tempfile.TemporaryDirectory() as folder:
        build.compile_tree(SHIM, Path(folder))
        return build.romfs(Path(folder))
