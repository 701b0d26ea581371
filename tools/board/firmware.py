"""The shim's modules as a ROMFS, compiled once per host process."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from tools import build

SHIM = Path(__file__).parent / "shim"
START = SHIM / "start.py"
# Module -> names in it. With them, and those of the shim, about 285, the tables are full: up to the one of 1280
# entries, in which any frozen agent has room; or up to the one of 320. An agent as files, which has more than 300 names
# and less than 620, then makes a table of 640 entries, about what all up to 320 take that it makes on a chip.
_NAMES = {"names": 1000, "fewer_names": 325}


@functools.cache
def shim_romfs() -> bytes:
    """ROMFS of every module in shim/, and of `names`. Raises tools.build.BuildError when one does not compile."""
    with tempfile.TemporaryDirectory() as folder:
        build.compile_tree(SHIM, Path(folder))
        for module, count in _NAMES.items():
            source = Path(folder, f"{module}.py")
            source.write_text(_names(count))
            build.compile_file(source, source.with_suffix(".mpy"), source.name)
            source.unlink()
        return build.romfs(Path(folder))


def _names(count: int) -> str:
    """Source of a module that does nothing but bring names with it.

    MicroPython keeps names that come at run time in tables of 20, 40, 80 ... entries, 7 bytes each on 32 bits
    (py/qstr.c). On a chip the shim is C and a frozen agent's names lie in flash; here they come one after the other,
    and the agent would pay for tables that a chip does not have. With these names the tables are there before it
    comes, with room for any agent and its application.
    """
    return "def names(x):\n" + "".join(f"    x.n{i}\n" for i in range(count))
