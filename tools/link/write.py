"""Writes the modules of the result."""

from __future__ import annotations

import ast

from tools.link.program import Program
from tools.link.rewrite import Rewriter
from tools.link.syntax import is_private
from tools.link.units import Unit


def text(program: Program, unit: Unit) -> str:
    body: list[ast.stmt] = []
    for module in unit.parts:
        body += Rewriter(program, module).module()
    taken: dict[str, list[ast.alias]] = {}
    for (other, name), here in unit.taken.items():
        taken.setdefault(other, []).append(ast.alias(name, None if here == name else here))
    heads: list[ast.stmt] = [ast.ImportFrom(other, names, 0) for other, names in taken.items()]
    for here, (other, name) in unit.outside.items():
        alias = ast.alias(name or other, None if here == (name or other) else here)
        heads.append(ast.ImportFrom(other, [alias], 0) if name else ast.Import([alias]))
    return ast.unparse(ast.fix_missing_locations(ast.Module(heads + body, [])))


def facades(program: Program) -> dict[str, str]:
    """The public modules, under their own names where they have got others."""
    found = {}
    for name in sorted(program.public):
        module = program.modules[name]
        if module.unit.name != name:
            members = [f"{short} as {own}" if short != own else own for own, short in module.shorts.items()
                       if not is_private(own)]
            found[name] = f"from {module.unit.name} import {', '.join(members)}\n"
    return found
