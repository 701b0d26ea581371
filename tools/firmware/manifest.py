"""What a freeze manifest puts into an image, found without MicroPython's own tool, whose package is the source tree.

Semantics: MicroPython's docs/reference/manifest. `include` of the port's manifest and `require` of packages from
micropython-lib are only noted, since they need that source tree; all that comes from this checkout is resolved.
"""

from __future__ import annotations

import contextlib
import runpy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path


class ManifestError(Exception):
    """A manifest cannot be carried out; the text says why."""


@dataclass
class Frozen:
    """files: name in the image, such as `xyte/agent.py` -> source. outside: what comes from MicroPython's tree."""

    files: dict[str, Path] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)


def read(path: Path) -> Frozen:
    """Carry out a manifest. Raises ManifestError, also for a file named twice; OSError."""
    frozen = Frozen()
    _include(path, frozen)
    return frozen


def _include(path: Path, frozen: Frozen) -> None:
    path = path / "manifest.py" if path.is_dir() else path
    path = path.resolve()
    with contextlib.chdir(path.parent):  # as MicroPython does
        runpy.run_path(str(path), init_globals=_functions(path.parent, frozen))


def _functions(here: Path, frozen: Frozen) -> dict[str, Callable[..., None]]:
    """The functions that a manifest in the folder `here` may call."""

    def add(name: str, base: Path) -> None:
        if not (base / name).is_file():
            raise ManifestError(f"{base / name} is missing")
        if name in frozen.files:
            raise ManifestError(f"{name} is frozen twice")
        frozen.files[name] = base / name

    def include(what: str, **options: object) -> None:
        if "$(" in what:
            frozen.outside.append(what)
        else:
            _include(here / what, frozen)

    def require(name: str, **options: object) -> None:
        frozen.outside.append(name)

    def module(name: str, base_path: str = ".", opt: int | None = None) -> None:
        add(name, here / base_path)

    def package(name: str, files: Iterable[str] | None = None, base_path: str = ".", opt: int | None = None) -> None:
        base = here / base_path
        wanted = files if files is not None else sorted(
            file.relative_to(base / name).as_posix() for file in (base / name).rglob("*.py"))
        for file in wanted:
            add(f"{name}/{file}", base)

    def metadata(**about: object) -> None:
        """Says something about the package, and nothing about its files."""

    return {"include": include, "require": require, "module": module, "package": package, "metadata": metadata}
