"""Links the agent for stock firmware, where code and names lie on the heap: fewer modules, shorter names.

Costs of a loaded file on MicroPython (32 bits, py/qstr.c, py/objmodule.c): a module 200 bytes, 8 for each name in its
globals, 2 for each name it mentions; and each name that the firmware does not have 7 bytes of table, in tables that
double, and its text, for good. So:

* all modules lie in one package, and one that a single other uses becomes a part of that;
* modules that are always loaded together become one, a bundle, and refer to each other directly;
* what a module defines gets the same few names in all of them, `_a`, `_b`, ..., so do locals and parameters, `a`, `b`;
* attributes get few names too: private ones `a`, `b`, ... anew in each module, the others throughout, and those that
  are no methods one that every firmware has.

Names stay that somebody else may know: the firmware's and other packages' (`foreign`), those that `public` modules
offer (a facade has them where the module is part of another), of parameters that are passed by name, and all that
appear in a text, for getattr and the like; but a call that names one of the modules and a function in it, as in
phase.py, is followed. An image needs none of this: there all of it lies in flash, and the names in its tracebacks are
the source's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tools.link.error import LinkError
from tools.link.program import Program
from tools.link.syntax import names_in
from tools.link.write import facades, text

__all__ = ["LinkError", "link", "names_in"]


def link(sources: Mapping[str, str], bundles: Mapping[str, Sequence[str]], *, foreign: Iterable[str] = (),
         public: Iterable[str] = ()) -> dict[str, str]:
    """Returns the text of each linked module, by its full name.

    sources: text by full name (`xyte.core.url`), of all modules that know each other. bundles: name -> the modules that
    become one; those that they import are added, unless they are in an earlier one. foreign: names of the outside.
    public: modules that the outside imports; what they define keeps its names, and they stay importable by theirs.
    """
    program = Program(sources, bundles, set(foreign), set(public))
    return {unit.name: text(program, unit) for unit in program.units} | facades(program)
