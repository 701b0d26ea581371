"""The code in device/ in portions: one call gets one function, those it calls, and the imports they need. And what a
board answers.

A board that runs the agent from files has little memory to spare; it holds, compiles and forgets one portion at a time.
"""

from __future__ import annotations

import ast
import functools
import threading
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "device"
# CPython 3.11 may fail when two threads parse at once (python/cpython issue 106905): with boards side by side, one of
# them fails in a hundred runs.
_one_at_a_time = threading.Lock()


@functools.cache
def text(name: str) -> str:
    """All of device/`name`.py."""
    return (_FOLDER / f"{name}.py").read_text()


def portion(name: str, function: str, arguments: tuple[object, ...]) -> str:
    """Code that prints the repr of `function(*arguments)` of device/`name`.py, on a line of its own."""
    with _one_at_a_time:
        imports, functions = _parts(name)
    wanted = _needed(function, functions)
    source = "\n".join([line for bound, line in imports if any(bound in functions[f][1] for f in wanted)]
                       + [functions[f][0] for f in wanted])
    call = f"{function}({', '.join(map(repr, arguments))})"
    return f"{source}\nprint('\\n' + repr({call}))\ndel {', '.join(wanted)}\n"


def value(answer: str) -> Any:
    """What a Python literal says. Raises SyntaxError, ValueError."""
    with _one_at_a_time:
        return ast.literal_eval(answer)


@functools.cache
def _parts(name: str) -> tuple[list[tuple[str, str]], dict[str, tuple[str, frozenset[str]]]]:
    """Imports (name bound, statement), and functions: name -> its source without docstring, the names in it."""
    tree = ast.parse(text(name))
    imports, functions = [], {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node) and len(node.body) > 1:
                del node.body[0]
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            functions[node.name] = ast.unparse(node), frozenset(names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports += [(alias.asname or alias.name, ast.unparse(node)) for alias in node.names]
    return imports, functions


def _needed(function: str, functions: dict[str, tuple[str, frozenset[str]]]) -> list[str]:
    """`function` and what it calls, directly or not; the called ones first."""
    found: list[str] = []

    def add(name: str) -> None:
        if name in functions and name not in found:
            found.append(name)
            for used in sorted(functions[name][1]):
                add(used)

    add(function)
    return found[::-1]
