"""Links the agent for stock firmware, where code and names lie on the heap: fewer modules, shorter names.

Costs of a loaded file on MicroPython (32 bits, py/qstr.c, py/objmodule.c): a module 200 bytes, 8 for each name in its
globals, 2 for each name it mentions; and each name that the firmware does not have 7 bytes of table, in tables that
double, and its text, for good. So:

* all modules lie in one package, and one that a single other uses becomes a part of that;
* modules that are always loaded together become one, a bundle, and refer to each other directly;
* what a module defines gets the same few names in all of them, `_a`, `_b`, ..., so do locals and parameters, `a`, `b`;
* attributes get few names too: private ones `a`, `b`, ... anew in each module, the others throughout, and those that
  are no methods one that every firmware has.

Names stay that somebody else may know: the firmware's and other packages' (`foreign`), those of `public` modules, of
parameters that are passed by name, and all that appear in a text, for getattr and the like; but a call that names one
of the modules and a function in it, as in phase.py, is followed. An image needs none of this: there all of it lies in
flash, and the names in its tracebacks are the source's.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# Of MicroPython's static_qstr_list (py/makeqstrdata.py), which all firmware has, what means nothing to its protocols.
_IN_EVERY_FIRMWARE = (
    "isalpha", "islower", "isspace", "issubclass", "isupper", "lstrip", "popitem", "rindex", "rsplit", "setdefault",
    "divmod", "reverse", "locals", "endswith", "classmethod", "callable", "bytecode", "builtins", "any", "all",
    "abs", "chr", "copy", "dir", "eval", "exec", "hash", "map", "next", "object", "ord", "repr", "round", "stop",
    "sum", "upper", "zip", "sep", "Ellipsis", "GeneratorExit", "IndentationError", "IndexError", "LookupError",
    "NameError", "NoneType", "StopIteration", "SyntaxError", "SystemExit", "TypeError", "ZeroDivisionError",
    "ArithmeticError", "AssertionError", "BaseException", "NotImplementedError", "OverflowError", "MemoryError",
    "RuntimeError", "EOFError", "ImportError",
)
_SHORT = 24  # characters of a text that may be written several times
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_OF_BUILTINS = set(dir(builtins)).union(*(dir(kind) for kind in vars(builtins).values() if isinstance(kind, type)))


class LinkError(Exception):
    """The sources do something that cannot be linked; the text says what and where."""


def link(sources: Mapping[str, str], bundles: Mapping[str, Sequence[str]], *, foreign: Iterable[str] = (),
         public: Iterable[str] = ()) -> dict[str, str]:
    """Returns the text of each linked module, by its full name.

    sources: text by full name (`xyte.core.url`), of all modules that know each other. bundles: name -> the modules that
    become one; those that they import are added, unless they are in an earlier one. foreign: names of the outside.
    public: modules that the outside imports; what they define keeps its names, and they stay importable by theirs.
    """
    program = _Program(sources, bundles, set(foreign), set(public))
    return {unit.name: program.text(unit) for unit in program.units} | program.facades()


def names_in(source: str) -> set[str]:
    """Every name that a source mentions, for `foreign`."""
    return _names_of(ast.parse(source))


def _names_of(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        for key in ("id", "name", "arg", "attr", "asname"):
            value = getattr(node, key, None)
            if isinstance(value, str):
                found.update(value.split("."))
    return found


@dataclass
class _Unit:
    """One module of the result.

    taken: names of other units that it imports, by (unit, name there) -> name here. outside: what it imports from
    others than the program, as name here -> (module, name there, "" for the module itself).
    """

    name: str
    parts: list[_Module]
    is_bundle: bool
    letters: Iterator[str] = field(default_factory=lambda: _letters("_", string.ascii_lowercase))
    constants: Iterator[str] = field(default_factory=lambda: _letters("_0", string.ascii_lowercase))
    taken: dict[tuple[str, str], str] = field(default_factory=dict)
    outside: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Module:
    """One module of the source."""

    def __init__(self, name: str, tree: ast.Module, all_names: set[str]) -> None:
        self.name, self.tree = name, tree
        self.unit: _Unit | None = None
        self.bound = {name: None for name in _bound(self.tree.body)}  # in their order
        self.imports: dict[str, tuple[str, str | None]] = {}  # alias -> (module, name in it, None for the module)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                self.imports.update(_targets(node, all_names))
        self.outside = {alias.asname or alias.name for node in self.tree.body
                        if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names} - set(self.imports)
        self.folded = {name for node in self.tree.body if isinstance(node, ast.Assign) and _is_const(node.value)
                       for name in _bound([node]) if _is_private(name)}
        self.mentioned = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        self.changing = {name for node in ast.walk(self.tree) if isinstance(node, ast.Global) for name in node.names}
        self.shorts: dict[str, str] = {}  # global -> its name in the unit
        self.private: dict[str, str] = {}  # attribute -> short

    def needs(self) -> list[str]:
        """The program's modules that it imports when it is imported."""
        names = [alias.asname or alias.name for node in self.tree.body if isinstance(node, ast.ImportFrom)
                 for alias in node.names]
        return [self.imports[name][0] for name in names if name in self.imports]


class _Program:
    def __init__(self, sources: Mapping[str, str], bundles: Mapping[str, Sequence[str]], foreign: set[str],
                 public: set[str]) -> None:
        names = set(sources)
        trees = {name: ast.parse(text) for name, text in sources.items()}
        _put_in_constants(trees, public)
        self.modules = {name: _Module(name, tree, names) for name, tree in trees.items()}
        self.public = public
        self.units = self._units(bundles)
        self._texts, self._keywords, self._offered = self._known_outside()
        self._fixed = _OF_BUILTINS | foreign | self._texts | self._keywords | self._offered
        self._attributes = self._shorts_of_attributes()
        for unit in self.units:
            for module in unit.parts:
                self._name_globals(unit, module)
                private = [name for name in _attributes_of(module.tree) if _is_private(name)]
                module.private = dict(zip(private, _letters("", string.ascii_lowercase), strict=False))

    def _units(self, bundles: Mapping[str, Sequence[str]]) -> list[_Unit]:
        units, placed = [], set()
        for bundle, roots in bundles.items():
            parts: list[str] = []
            for root in roots:
                self._collect(root, parts, placed)
            placed.update(parts)
            units.append(self._unit(bundle, parts, True))
        rest = [name for name in self.modules if name not in placed]
        leaves = Counter([_leaf(name) for name in [*self.modules, *bundles]])
        absorbed = {name: user for name, user in self._only_users().items() if name in rest and user in rest}
        for name in rest:
            if not self._is_package(name) and name not in absorbed:
                is_clear = leaves[_leaf(name)] == 1
                parts = self._with_absorbed(name, absorbed)
                units.append(self._unit(f"{name.partition('.')[0]}.{_leaf(name)}" if is_clear else name, parts))
        kept = {unit.name for unit in units} | self.public
        units += [self._unit(name, [name]) for name in rest
                  if self._is_package(name) and any(other.startswith(name + ".") for other in kept)]
        return units

    def _with_absorbed(self, name: str, absorbed: Mapping[str, str]) -> list[str]:
        """A module behind those that it alone uses."""
        parts = []
        for needed in dict.fromkeys(self.modules[name].needs()):
            if absorbed.get(needed) == name:
                parts += self._with_absorbed(needed, absorbed)
        return [*parts, name]

    def _only_users(self) -> dict[str, str]:
        """Modules that one other imports at its top, and nobody else by any means: module -> its user."""
        users: dict[str, set[str]] = {name: set() for name in self.modules}
        for user in self.modules.values():
            for name, _ in user.imports.values():
                users[name].add(user.name)
            for node in ast.walk(user.tree):
                if isinstance(node, ast.Constant) and node.value in users:
                    users[node.value].add("a text")
        found = {name: next(iter(by)) for name, by in users.items() if len(by) == 1 and name not in self.public}
        return {name: user for name, user in found.items()
                if user in self.modules and name in self.modules[user].needs() and not self._is_package(user)}

    def _collect(self, name: str, parts: list[str], placed: set[str]) -> None:
        """A module behind those that it needs. Packages stay what they are."""
        if name in placed or name in parts or self._is_package(name):
            return
        for needed in self.modules[name].needs():
            self._collect(needed, parts, placed)
        if name not in parts:
            parts.append(name)

    def _is_package(self, name: str) -> bool:
        return any(other.startswith(name + ".") for other in self.modules)

    def _unit(self, name: str, parts: list[str], is_bundle: bool = False) -> _Unit:
        unit = _Unit(name, [self.modules[part] for part in parts], is_bundle)
        for module in unit.parts:
            module.unit = unit
        return unit

    def _known_outside(self) -> tuple[set[str], set[str], set[str]]:
        """Names that somebody may use: in texts, as keywords of calls, of what the public modules define."""
        texts, keywords, offered = set(), set(), set()
        for module in self.modules.values():
            followed = [node.args[1] for node in ast.walk(module.tree) if self.called(node)]
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in followed:
                    texts.add(node.value)
                elif isinstance(node, ast.keyword) and node.arg:
                    keywords.add(node.arg)
            if module.name in self.public:
                offered.update(name for name in [*module.bound, *_attributes_of(module.tree)] if not _is_private(name))
        return texts, keywords, offered

    def _shorts_of_attributes(self) -> dict[str, str]:
        """Methods are named in tracebacks, so they get names that nobody takes for something else."""
        trees = [module.tree for module in self.modules.values()]
        mentioned = set().union(*(_names_of(tree) for tree in trees), self._fixed)
        shared = iter([name for name in _IN_EVERY_FIRMWARE if name not in mentioned])
        letters = _letters("_", string.ascii_lowercase)
        methods = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)}
        found: dict[str, str] = {}
        for name in (name for tree in trees for name in _attributes_of(tree)):
            if name not in found and not _is_private(name) and self._is_free(name):
                found[name] = next(letters) if name in methods else next(shared, None) or next(letters)
        return found

    def _is_free(self, name: str) -> bool:
        return name not in self._fixed and not name.startswith("__")

    def _name_globals(self, unit: _Unit, module: _Module) -> None:
        # By a text a name is looked up in a module that is called by name, or by the module itself.
        by_text = module is unit.parts[-1] and not unit.is_bundle or "globals" in module.mentioned
        for name in module.bound:
            if name in module.imports or name in module.outside:
                continue
            stays = (by_text and name in self._texts or name.startswith("__")
                     or module.name in self.public and not _is_private(name))
            if stays and any(name in other.shorts.values() for other in unit.parts):
                raise LinkError(f"{module.name}: {name} is there twice in {unit.name}")
            # The compiler puts a constant in for its name wherever that stands, so nothing else may have that name.
            module.shorts[name] = name if stays else next(unit.constants if name in module.folded else unit.letters)

    # --- what the rewriting asks

    def called(self, node: ast.AST) -> _Module | None:
        """The module of a call that names it, and a function in it: call("xyte.core.url", "split", ...)."""
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            return None
        named, function = (getattr(argument, "value", None) for argument in node.args[:2])
        module = self.modules.get(named) if isinstance(named, str) and "." in named else None
        return module if module and function in module.bound else None

    def parameter(self, module: _Module, name: str, letters: Iterator[str]) -> str:
        """Callers of public modules may pass parameters by name."""
        return name if name in self._keywords or module.name in self.public else next(letters)

    def attribute(self, module: _Module, name: str) -> str:
        if not _is_private(name):
            return self._attributes.get(name, name)
        if name not in module.private or name in self._texts:
            raise LinkError(f"{module.name}: {name} is private to another module, or looked up by a text")
        return module.private[name]

    def target(self, module: _Module, alias: str) -> tuple[_Module, str | None] | None:
        """What an imported name of the program stands for: a module, and what of it."""
        if alias not in module.imports:
            return None
        name, member = module.imports[alias]
        return self.modules[name], member

    def member(self, user: _Module, owner: _Module, name: str) -> str:
        """What `name` of the module `owner` is called in the module `user`."""
        if name not in owner.shorts:
            raise LinkError(f"{user.name}: {owner.name} has no {name} of its own")
        if name in owner.changing:
            raise LinkError(f"{user.name}: {name} of {owner.name} changes; a function must tell it")
        short = owner.shorts[name]
        if owner.unit is user.unit:
            return short
        key = owner.unit.name, short
        if key not in user.unit.taken:
            user.unit.taken[key] = next(user.unit.letters)
        return user.unit.taken[key]

    def is_there(self, user: _Module, owner: _Module) -> bool:
        """Whether `owner` is loaded whenever `user` is."""
        return owner.unit is user.unit or (owner.unit.is_bundle
                                           and self.units.index(owner.unit) < self.units.index(user.unit))

    def module_named(self, user: _Module, text: str) -> str:
        """A text that is the name of a module, to be imported by it: as the module is called now."""
        if "." not in text or text not in self.modules:
            return text
        unit = self.modules[text].unit
        if unit.is_bundle and text != unit.name:
            raise LinkError(f"{user.name}: {text} is called by name, but it is in {unit.name}")
        return unit.name

    def text(self, unit: _Unit) -> str:
        body: list[ast.stmt] = []
        for module in unit.parts:
            body += _Rewriter(self, module).module()
        taken: dict[str, list[ast.alias]] = {}
        for (other, name), here in unit.taken.items():
            taken.setdefault(other, []).append(ast.alias(name, None if here == name else here))
        heads: list[ast.stmt] = [ast.ImportFrom(other, names, 0) for other, names in taken.items()]
        for here, (other, name) in unit.outside.items():
            alias = ast.alias(name or other, None if here == (name or other) else here)
            heads.append(ast.ImportFrom(other, [alias], 0) if name else ast.Import([alias]))
        return ast.unparse(ast.fix_missing_locations(ast.Module(heads + body, [])))

    def facades(self) -> dict[str, str]:
        """The public modules, under their own names where they have got others."""
        found = {}
        for name in sorted(self.public):
            module = self.modules[name]
            if module.unit.name != name:
                members = [f"{short} as {own}" if short != own else own for own, short in module.shorts.items()
                           if not _is_private(own)]
                found[name] = f"from {module.unit.name} import {', '.join(members)}\n"
        return found


def _put_in_constants(trees: dict[str, ast.Module], public: set[str]) -> None:
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
            for alias, (owner, member) in _targets(node, set(trees)) if isinstance(node, ast.ImportFrom) else ():
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
        elif isinstance(node, _FUNCTIONS | ast.ClassDef | ast.ExceptHandler) and node.name:
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


@dataclass
class _Scope:
    """shorts: local name -> short; a class has attributes in their place. used: so many letters are taken."""

    is_class: bool
    shorts: dict[str, str]
    used: int = 0


class _Rewriter(ast.NodeTransformer):
    """Gives the nodes of one module their names in its unit."""

    def __init__(self, program: _Program, module: _Module) -> None:
        self._program, self._module = program, module
        self._scopes: list[_Scope] = []

    def module(self) -> list[ast.stmt]:
        return self._visited(self._module.tree.body)

    def _visited(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Statements without docstrings, which the compiler would not recognise behind another module's code."""
        found: list[ast.stmt] = []
        for statement in body:
            if not _is_text(statement):
                now = self.visit(statement)
                found += now if isinstance(now, list) else [now] if now else []
        return found

    # --- scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(item) for item in node.decorator_list]
        self._defaults(node.args)
        node.name = self._name(node.name)
        bound = [name for name in _bound(node.body) if name not in self._imported(node)]
        outer = {name for inner in node.body for part in ast.walk(inner) if isinstance(part, ast.Global | ast.Nonlocal)
                 for name in part.names}
        self._enter([arg.arg for arg in _arguments(node.args)], [name for name in bound if name not in outer])
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
        self._enter([arg.arg for arg in _arguments(node.args)], [])
        self._arguments(node.args)
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def _comprehension(self, node: ast.AST) -> ast.AST:
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        self._enter([], [name for generator in node.generators for name in _stored(generator.target)])
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
        node.name = self._name(node.name)
        bound = _bound(node.body)
        shorts = {name: self._program.attribute(self._module, name) for name in bound}
        self._scopes.append(_Scope(True, shorts, self._letters_used()))
        node.body = self._visited([statement for statement in node.body if not (
            isinstance(statement, ast.AnnAssign) and not statement.value)]) or [ast.Pass()]
        self._scopes.pop()
        return node

    def _letters_used(self) -> int:
        return self._scopes[-1].used if self._scopes else 0

    def _enter(self, parameters: list[str], locals_: list[str]) -> None:
        """Parameters that are passed by name keep theirs, and so do imported names, which are no locals' business."""
        shorts: dict[str, str] = {}
        letters = itertools.islice(_letters("", string.ascii_lowercase), self._letters_used(), None)
        for name in parameters:
            shorts[name] = self._program.parameter(self._module, name, letters)
        for name in locals_:
            if name not in shorts:
                shorts[name] = next(letters)
        self._scopes.append(_Scope(False, shorts, self._letters_used() + len(shorts)))

    def _defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.visit(value) for value in arguments.defaults]
        arguments.kw_defaults = [value and self.visit(value) for value in arguments.kw_defaults]

    def _arguments(self, arguments: ast.arguments) -> None:
        for argument in _arguments(arguments):
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
        if self._program._is_package(owner.name):
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
        folds = not self._scopes and _is_const(node.value) and isinstance(node.targets[0], ast.Name)
        if folds:
            node.targets[0] = self.visit(node.targets[0])
            return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Where the compiler does not fold it, const is nothing."""
        if _is_const(node):
            return self.visit(node.args[0])
        owner = self._program.called(node)
        if owner and not owner.unit.is_bundle:
            node.args[1] = ast.Constant(owner.shorts[node.args[1].value])
        return self.generic_visit(node)

    def _is_here(self, owner: _Module) -> bool:
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

    def _from_program(self, module: str | None, alias: ast.alias, here: str, owner: _Module,
                      member: str | None) -> list[ast.stmt]:
        """The statements that stay of one import: of modules, of packages' members, and of what is loaded late."""
        if member is None:
            if self._is_here(owner):
                return []
            package, _, leaf = owner.unit.name.rpartition(".")
            return [ast.ImportFrom(package, [ast.alias(leaf, None if here == leaf else here)], 0)]
        if self._program._is_package(owner.name):
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


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _targets(node: ast.ImportFrom, all_names: set[str]) -> Iterator[tuple[str, tuple[str, str | None]]]:
    for alias in node.names:
        bound = alias.asname or alias.name
        if f"{node.module}.{alias.name}" in all_names:
            yield bound, (f"{node.module}.{alias.name}", None)
        elif node.module in all_names:
            yield bound, (node.module, alias.name)


def _bound(body: list[ast.stmt]) -> list[str]:
    """The names that statements bind in their scope."""
    found: dict[str, None] = {}

    def look(node: ast.AST) -> None:
        if isinstance(node, _FUNCTIONS | ast.ClassDef):
            found[node.name] = None
            return
        if isinstance(node, ast.Lambda | _COMPREHENSIONS):
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


def _stored(node: ast.AST) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]


def _attributes_of(tree: ast.Module) -> list[str]:
    """Names that classes give their objects, or that are set on objects."""
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.update(dict.fromkeys(_bound(node.body)))
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found[node.attr] = None
    return list(found)


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found + [extra for extra in (arguments.vararg, arguments.kwarg) if extra]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_const(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const"


def _letters(prefix: str, alphabet: str) -> Iterator[str]:
    """prefix with a, b, ... z, aa, ab, ...; never a keyword."""
    for length in itertools.count(1):
        for letters in itertools.product(alphabet, repeat=length):
            name = prefix + "".join(letters)
            if name not in ("as", "if", "in", "is", "or", "do"):
                yield name
