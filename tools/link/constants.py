"""Puts numbers and short texts in the place of the names that modules give them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from tools.link.syntax import FUNCTIONS, targets

_SHORT = 24  # characters of a text that may be written several times


def put_in(trees: dict[str, ast.Module], public: set[str]) -> None:
    """Write numbers and short texts in place of the names that modules give them, and spare the imports for that.

    Only of names that are bound once, so that they mean the same wherever they stand. Packages and public modules keep
    theirs: somebody may look there, and the version is put into a file that is there already.
    """
    texts = {node.value for tree in trees.values() for node in ast.walk(tree)
             if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    bound = {name: _times_bound(tree) for name, tree in trees.items()}
    constants: dict[str, dict[str, ast.Constant]] = {}
    for name, tree in trees.items():
        is_package = any(other.startswith(name + ".") for other in trees)
        if not is_package and name not in public:
            constants[name] = {key: value for statement in tree.body for key, value in _constants_of(statement)
                               if bound[name][key] == 1 and key not in texts}
    for name, tree in trees.items():
        here = dict(constants.get(name, {}))
        modules = {}
        for node in ast.walk(tree):
            for alias, (owner, member) in targets(node, set(trees)) if isinstance(node, ast.ImportFrom) else ():
                if bound[name][alias] == 1 and member is None:
                    modules[alias] = constants.get(owner, {})
                elif bound[name][alias] == 1 and member in constants.get(owner, {}):
                    here[alias] = constants[owner][member]
        trees[name] = _Constants(here, modules).visit(tree)


def _constants_of(statement: ast.stmt) -> Iterator[tuple[str, ast.Constant]]:
    """Names and values of `A = 1` and of `A, B = 1, 2`; not of const(), which the compiler knows."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return
    target, value = statement.targets[0], statement.value
    pairs = zip(target.elts, value.elts, strict=False) if isinstance(target, ast.Tuple) and isinstance(
        value, ast.Tuple) else [(target, value)]
    for name, found in pairs:
        if isinstance(name, ast.Name) and isinstance(found, ast.Constant) and (
                type(found.value) is int or isinstance(found.value, str | bytes) and len(found.value) <= _SHORT):
            yield name.id, found


def _times_bound(tree: ast.Module) -> Counter[str]:
    """How often each name is bound, in whatever scope."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found[node.id] += 1
        elif isinstance(node, ast.arg):
            found[node.arg] += 1
        elif isinstance(node, FUNCTIONS | ast.ClassDef | ast.ExceptHandler) and node.name:
            found[node.name] += 1
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found.update(node.names)
    return found


class _Constants(ast.NodeTransformer):
    """Puts values in the place of names. here: of the module's own and imported ones. modules: by alias of a module."""

    def __init__(self, here: Mapping[str, ast.Constant], modules: Mapping[str, Mapping[str, ast.Constant]]) -> None:
        self._here, self._modules = here, modules

    def visit_Module(self, node: ast.Module) -> ast.AST:
        self.generic_visit(node)
        used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
        for part in list(ast.walk(node)):
            if isinstance(part, ast.ImportFrom):
                gone = set(self._here) | {alias for alias, values in self._modules.items() if values} - used
                part.names = [alias for alias in part.names if (alias.asname or alias.name) not in gone]
        return _WithoutEmptyImports().visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        names = [name for name, _ in _constants_of(node)]
        target = node.targets[0]
        if names and len(names) == len(getattr(target, "elts", [target])) and all(name in self._here for name in names):
            return None
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        is_read = isinstance(node.ctx, ast.Load) and node.id in self._here
        return ast.Constant(self._here[node.id].value) if is_read else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        values = self._modules.get(node.value.id, {}) if isinstance(node.value, ast.Name) else {}
        if isinstance(node.ctx, ast.Load) and node.attr in values:
            return ast.Constant(values[node.attr].value)
        return self.generic_visit(node)


class _WithoutEmptyImports(ast.NodeTransformer):
    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return node if node.names else None
