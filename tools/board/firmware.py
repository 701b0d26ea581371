"""The shim's modules as a ROMFS, compiled once per host process."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from tools import build

SHIM = Path(__file__).parent / "shim"
START = SHIM / "start.py"
_NAMES = 1000  # with those of the shim, at least 300, there are more than the 1260 that the smaller tables hold


@functools.cache
def shim_romfs() -> bytes:
    """ROMFS of every module in shim/, and of `names`. Raises tools.build.BuildError when one does not compile."""
    with tempfile.TemporaryDirectory() as folder:
        build.compile_tree(SHIM, Path(folder))
        source = Path(folder, "names.py")
        source.write_text(_names())
        build.compile_file(source, Path(folder, "names.mpy"), "names.py")
        source.unlink()
        return build.romfs(Path(folder))


def _names() -> str:
    """Source of a module that does nothing but bring names with it.

    MicroPython keeps names that come at run time in tables of 20, 40, 80 ... entries, 7 bytes each on 32 bits
    (py/qstr.c). On a chip the shim is C and a frozen agent's names lie in flash; here they come one after the other,
    and the agent would pay for tables that a chip does not have. With these names the tables are there before it
    comes, with room for any agent and its application.
    """
    return "def names(x):\n" + "".join(f"    x.n{i}\n" for i in range(_NAMES))
