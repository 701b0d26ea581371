"""Gives the names of one module in the source their names in the result."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass

from tools.link.error import LinkError
from tools.link.program import Program
from tools.link.shorts import short_names
from tools.link.syntax import all_arguments, is_const, is_empty, is_text, names_bound, names_stored
from tools.link.units import Module


@dataclass
class _Scope:
    """shorts: local name -> short; a class has attributes in their place. used: so many letters are taken."""

    is_class: bool
    shorts: dict[str, str]
    used: int = 0


class Rewriter(ast.NodeTransformer):
    """Gives the nodes of one module their names in its unit."""

    def __init__(self, program: Program, module: Module) -> None:
        self._program, self._module = program, module
        self._scopes: list[_Scope] = []

    def module(self) -> list[ast.stmt]:
        return self._visited(self._module.tree.body)

    def _visited(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Statements without docstrings, which the compiler would not recognise behind another module's code."""
        found: list[ast.stmt] = []
        for statement in body:
            if not is_text(statement):
                now = self.visit(statement)
                found += now if isinstance(now, list) else [now] if now else []
        return found

    # --- scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(item) for item in node.decorator_list]
        self._defaults(node.args)
        own, node.name = node.name, self._name(node.name)
        bound = [name for name in names_bound(node.body) if name not in self._imported(node)]
        outer = {name for inner in node.body for part in ast.walk(inner) if isinstance(part, ast.Global | ast.Nonlocal)
                 for name in part.names}
        self._enter(own, [arg.arg for arg in all_arguments(node.args)], [name for name in bound if name not in outer])
        self._arguments(node.args)
        node.body = self._visited(node.body) or [ast.Pass()]
        node.returns = None
        self._scopes.pop()
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def _imported(self, node: ast.FunctionDef) -> set[str]:
        """What a function imports of the program: no locals, but names of the unit."""
        return {alias.asname or alias.name for part in ast.walk(node) if isinstance(part, ast.ImportFrom)
                for alias in part.names if self._program.target(self._module, alias.asname or alias.name)}

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._defaults(node.args)
        self._enter("", [arg.arg for arg in all_arguments(node.args)], [])
        self._arguments(node.args)
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def _comprehension(self, node: ast.AST) -> ast.AST:
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        self._enter("", [], [name for generator in node.generators for name in names_stored(generator.target)])
        for generator in node.generators:
            generator.target = self.visit(generator.target)
            if generator is not first:
                generator.iter = self.visit(generator.iter)
            generator.ifs = [self.visit(test) for test in generator.ifs]
        for key in ("elt", "key", "value"):
            if hasattr(node, key):
                setattr(node, key, self.visit(getattr(node, key)))
        self._scopes.pop()
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [self.visit(base) for base in node.bases]
        node.decorator_list = [self.visit(item) for item in node.decorator_list]
        own, node.name = node.name, self._name(node.name)
        if is_empty(node):
            made = ast.Call(ast.Name("type", ast.Load()), [
                ast.Constant(own), ast.Tuple(node.bases, ast.Load()), ast.Dict([], [])], [])
            return ast.Assign([ast.Name(node.name, ast.Store())], made)
        bound = names_bound(node.body)
        shorts = {name: self._program.attribute(self._module, name) for name in bound}
        self._scopes.append(_Scope(True, shorts, self._letters_used()))
        node.body = self._visited([statement for statement in node.body if not (
            isinstance(statement, ast.AnnAssign) and not statement.value)]) or [ast.Pass()]
        self._scopes.pop()
        return node

    def _letters_used(self) -> int:
        return self._scopes[-1].used if self._scopes else 0

    def _enter(self, function: str, parameters: list[str], locals_: list[str]) -> None:
        """Parameters that are passed by name keep theirs, and so do imported names, which are no locals' business."""
        shorts: dict[str, str] = {}
        letters = itertools.islice(short_names(""), self._letters_used(), None)
        for name in parameters:
            shorts[name] = self._program.parameter(self._module, function, name, letters)
        for name in locals_:
            if name not in shorts:
                shorts[name] = next(letters)
        self._scopes.append(_Scope(False, shorts, self._letters_used() + len(shorts)))

    def _defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.visit(value) for value in arguments.defaults]
        arguments.kw_defaults = [value and self.visit(value) for value in arguments.kw_defaults]

    def _arguments(self, arguments: ast.arguments) -> None:
        for argument in all_arguments(arguments):
            argument.arg = self._scopes[-1].shorts[argument.arg]
            argument.annotation = None

    # --- names

    def _name(self, name: str) -> str:
        """What a name that is no import of the program's is called here."""
        for depth, scope in enumerate(reversed(self._scopes)):
            if name in scope.shorts and (not scope.is_class or not depth):
                return scope.shorts[name]
        short = self._module.shorts.get(name, name)
        if self._scopes and self._scopes[-1].is_class and short in self._scopes[-1].shorts.values():
            raise LinkError(f"{self._module.name}: {name} is hidden by a member of the class that mentions it")
        return short

    def _is_local(self, name: str) -> bool:
        return any(name in scope.shorts and (not scope.is_class or not depth)
                   for depth, scope in enumerate(reversed(self._scopes)))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        target = None if self._is_local(node.id) else self._program.target(self._module, node.id)
        if not target:
            node.id = self._name(node.id)
            return node
        owner, member = target
        if member is None:
            if self._is_here(owner):
                raise LinkError(f"{self._module.name}: {node.id} is a bundled module, and used as a value")
            return node
        if owner.is_package:
            return node
        node.id = self._program.member(self._module, owner, member)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and not self._is_local(node.value.id):
            target = self._program.target(self._module, node.value.id)
            if target and target[1] is None:
                owner = target[0]
                if self._is_here(owner):
                    if not isinstance(node.ctx, ast.Load):
                        raise LinkError(f"{self._module.name}: {ast.unparse(node)} is set from outside")
                    return ast.Name(self._program.member(self._module, owner, node.attr), ast.Load())
                node.attr = owner.shorts.get(node.attr, node.attr)
                return node
        node.value = self.visit(node.value)
        node.attr = self._program.attribute(self._module, node.attr)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        folds = not self._scopes and is_const(node.value) and isinstance(node.targets[0], ast.Name)
        if folds:
            node.targets[0] = self.visit(node.targets[0])
            return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Where the compiler does not fold it, const is nothing."""
        if is_const(node):
            return self.visit(node.args[0])
        owner = self._program.called(node)
        if owner and not owner.unit.is_bundle:
            node.args[1] = ast.Constant(owner.shorts[node.args[1].value])
        return self.generic_visit(node)

    def _is_here(self, owner: Module) -> bool:
        """Whether a module is no module any more for this one: in a bundle, or a part of the same unit."""
        return owner.unit.is_bundle or owner.unit is self._module.unit

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._module.shorts.get(name, name) for name in node.names]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        node.names = [self._name(name) for name in node.names]
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._name(node.name)
        return self.generic_visit(node)

    # --- imports

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        now = []
        for alias in node.names:
            here = alias.asname or alias.name
            target = self._program.target(self._module, here)
            if target:
                now += self._from_program(node.module, alias, here, target[0], target[1])
            elif alias.name == "const":  # the compiler knows it by itself
                continue
            elif self._scopes:
                now.append(ast.ImportFrom(node.module, [ast.alias(alias.name, self._renamed(here, alias.name))], 0))
            else:
                self._from_outside(here, node.module or "", alias.name)
        return now

    def _from_program(self, module: str | None, alias: ast.alias, here: str, owner: Module,
                      member: str | None) -> list[ast.stmt]:
        """The statements that stay of one import: of modules, of packages' members, and of what is loaded late."""
        if member is None:
            if self._is_here(owner):
                return []
            package, _, leaf = owner.unit.name.rpartition(".")
            return [ast.ImportFrom(package, [ast.alias(leaf, None if here == leaf else here)], 0)]
        if owner.is_package:
            return [ast.ImportFrom(module, [alias], 0)]
        if not self._scopes or self._program.is_there(self._module, owner):
            self._program.member(self._module, owner, member)
            return []
        late = self._scopes[-1].shorts[here] = next(self._module.unit.letters)
        return [ast.ImportFrom(owner.unit.name, [ast.alias(owner.shorts[member], late)], 0)]

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            node.value = self._program.module_named(self._module, node.value)
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST:
        for alias in node.names:
            if "." in alias.name:
                raise LinkError(f"{self._module.name}: import {alias.name}: write from ... import")
            if self._scopes:
                alias.asname = self._renamed(alias.asname or alias.name, alias.name)
            else:
                self._from_outside(alias.asname or alias.name, alias.name, "")
        return node if self._scopes else None

    def _from_outside(self, here: str, module: str, name: str) -> None:
        """One import at the top of the unit, however many of its modules have it."""
        unit = self._module.unit
        if unit.outside.setdefault(here, (module, name)) != (module, name) or any(
                here in part.shorts.values() for part in unit.parts):
            raise LinkError(f"{self._module.name}: {here} means something else in {unit.name} as well")

    def _renamed(self, bound: str, imported: str) -> str | None:
        name = self._name(bound)
        return None if name == imported else name
