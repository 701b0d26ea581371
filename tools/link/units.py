"""The modules of the source, and which of them become one."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tools.link.shorts import short_names
from tools.link.syntax import is_const, is_empty, is_private, names_bound, targets


@dataclass
class Unit:
    """One module of the result.

    taken: names of other units that it imports, by (unit, name there) -> name here. outside: what it imports from
    others than the program, as name here -> (module, name there, "" for the module itself). reserved: names that are
    the same here as in the unit that they come from, with that unit's.
    """

    name: str
    parts: list[Module]
    is_bundle: bool
    constants: Iterator[str] = field(default_factory=lambda: short_names("_0"))
    taken: dict[tuple[str, str], str] = field(default_factory=dict)
    outside: dict[str, tuple[str, str]] = field(default_factory=dict)
    reserved: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.letters: Iterator[str] = (name for name in short_names("_") if name not in self.reserved)


class Module:
    """One module of the source."""

    def __init__(self, name: str, tree: ast.Module, all_names: set[str]) -> None:
        self.name, self.tree = name, tree
        self.is_package = any(other.startswith(name + ".") for other in all_names)
        self.unit: Unit | None = None
        self.bound = {name: None for name in names_bound(self.tree.body)}  # in their order
        self.imports: dict[str, tuple[str, str | None]] = {}  # alias -> (module, name in it, None for the module)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                self.imports.update(targets(node, all_names))
        self.outside = {alias.asname or alias.name for node in self.tree.body
                        if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names} - set(self.imports)
        self.folded = {name for node in self.tree.body if isinstance(node, ast.Assign) and is_const(node.value)
                       for name in names_bound([node]) if is_private(name)}
        self.classes = {node.name for node in self.tree.body if isinstance(node, ast.ClassDef)
                        and not is_empty(node)}
        self.mentioned = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        self.changing = {name for node in ast.walk(self.tree) if isinstance(node, ast.Global) for name in node.names}
        self.shorts: dict[str, str] = {}  # global -> its name in the unit
        self.private: dict[str, str] = {}  # attribute -> short

    def needs(self) -> list[str]:
        """The program's modules that it imports when it is imported."""
        names = [alias.asname or alias.name for node in self.tree.body if isinstance(node, ast.ImportFrom)
                 for alias in node.names]
        return [self.imports[name][0] for name in names if name in self.imports]


def divide(modules: Mapping[str, Module], bundles: Mapping[str, Sequence[str]], public: set[str]) -> list[Unit]:
    """The modules of the result, bundles first; each module of the source learns the one that it is in."""
    units, placed = [], set()
    for bundle, roots in bundles.items():
        parts: list[str] = []
        for root in roots:
            _collect(modules, root, parts, placed)
        placed.update(parts)
        units.append(_unit(modules, bundle, parts, True))
    rest = [name for name in modules if name not in placed]
    mentioned = {target for module in modules.values() for target, _ in module.imports.values()}
    leaves = Counter([_leaf(name) for name in [*modules, *bundles]])
    absorbed = {name: user for name, user in _only_users(modules, public).items() if name in rest and user in rest}
    for name in rest:
        if not modules[name].is_package and name not in absorbed:
            is_clear = leaves[_leaf(name)] == 1 and (name not in public or name in mentioned)
            parts = _with_absorbed(modules, name, absorbed)
            units.append(_unit(modules, f"{name.partition('.')[0]}.{_leaf(name)}" if is_clear else name, parts))
    kept = {unit.name for unit in units} | public
    units += [_unit(modules, name, [name]) for name in rest
              if modules[name].is_package and any(other.startswith(name + ".") for other in kept)]
    return units


def _with_absorbed(modules: Mapping[str, Module], name: str, absorbed: Mapping[str, str]) -> list[str]:
    """A module behind those that it alone uses."""
    parts = []
    for needed in dict.fromkeys(modules[name].needs()):
        if absorbed.get(needed) == name:
            parts += _with_absorbed(modules, needed, absorbed)
    return [*parts, name]


def _only_users(modules: Mapping[str, Module], public: set[str]) -> dict[str, str]:
    """Modules that one other imports at its top, and nobody else by any means: module -> its user."""
    users: dict[str, set[str]] = {name: set() for name in modules}
    for user in modules.values():
        for name, _ in user.imports.values():
            users[name].add(user.name)
        for node in ast.walk(user.tree):
            if isinstance(node, ast.Constant) and node.value in users:
                users[node.value].add("a text")
    found = {name: next(iter(by)) for name, by in users.items() if len(by) == 1 and name not in public}
    return {name: user for name, user in found.items()
            if user in modules and name in modules[user].needs() and not modules[user].is_package}


def _collect(modules: Mapping[str, Module], name: str, parts: list[str], placed: set[str]) -> None:
    """A module behind those that it needs. Packages stay what they are."""
    if name in placed or name in parts or modules[name].is_package:
        return
    for needed in modules[name].needs():
        _collect(modules, needed, parts, placed)
    if name not in parts:
        parts.append(name)


def _unit(modules: Mapping[str, Module], name: str, parts: list[str], is_bundle: bool = False) -> Unit:
    unit = Unit(name, [modules[part] for part in parts], is_bundle)
    for module in unit.parts:
        module.unit = unit
    return unit


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]
