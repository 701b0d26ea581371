"""What can be read off the syntax tree of a module: the names that it binds, sets, mentions and imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def names_in(source: str) -> set[str]:
    """Every name that a source mentions, for `foreign`."""
    return names_of(ast.parse(source))


def names_of(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        for key in ("id", "name", "arg", "attr", "asname"):
            value = getattr(node, key, None)
            if isinstance(value, str):
                found.update(value.split("."))
    return found


def names_bound(body: list[ast.stmt]) -> list[str]:
    """The names that statements bind in their scope."""
    found: dict[str, None] = {}

    def look(node: ast.AST) -> None:
        if isinstance(node, FUNCTIONS | ast.ClassDef):
            found[node.name] = None
            return
        if isinstance(node, ast.Lambda | COMPREHENSIONS):
            return
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found[node.id] = None
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found[node.name] = None
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name, None) for alias in node.names)
        for child in ast.iter_child_nodes(node):
            look(child)

    for statement in body:
        look(statement)
    return list(found)


def names_stored(node: ast.AST) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]


def attributes_of(tree: ast.Module) -> list[str]:
    """Names that classes give their objects, or that are set on objects."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.update(dict.fromkeys(names_bound(node.body)))
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found[node.attr] = None
    return list(found)


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found + [extra for extra in (arguments.vararg, arguments.kwarg) if extra]


def targets(node: ast.ImportFrom, all_names: set[str]) -> Iterator[tuple[str, tuple[str, str | None]]]:
    for alias in node.names:
        bound = alias.asname or alias.name
        if f"{node.module}.{alias.name}" in all_names:
            yield bound, (f"{node.module}.{alias.name}", None)
        elif node.module in all_names:
            yield bound, (node.module, alias.name)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_empty(node: ast.ClassDef) -> bool:
    """A class that adds nothing to its bases: `type` makes it with less code, and with any name to tell."""
    return not node.keywords and not node.decorator_list and all(
        isinstance(statement, ast.Pass) or is_text(statement) or isinstance(statement, ast.AnnAssign)
        and not statement.value for statement in node.body)


def is_const(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const"
