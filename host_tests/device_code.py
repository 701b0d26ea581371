"""The source files that go onto a board, for the tests that read code instead of running it."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIB = ROOT / "lib"
PACKAGE = LIB / "xyte"


def agent_modules() -> list[Path]:
    """Every module of the agent. None at all is an error: a check of nothing must not pass."""
    modules = sorted(PACKAGE.rglob("*.py"))
    assert modules, f"no modules in {PACKAGE}"
    return modules


def examples() -> list[Path]:
    """The example applications' main.py. None at all is an error."""
    mains = sorted((ROOT / "firmware" / "examples").glob("*/main.py"))
    assert mains, "no examples"
    return mains


def board_files() -> list[Path]:
    """What runs on a board: the agent, boot.py, main.py and the examples'."""
    return [*agent_modules(), ROOT / "boot.py", ROOT / "main.py", *examples()]


def shown(path: Path) -> str:
    """A path as messages name it."""
    return path.relative_to(ROOT).as_posix()


def place(path: Path) -> str:
    """Where a file stands: `core/wire.py` in the agent, `boot.py` in the root."""
    return path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))
