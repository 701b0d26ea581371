"""Which name everything gets, and which names stay."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tools.link import constants
from tools.link.error import LinkError
from tools.link.shorts import IN_EVERY_FIRMWARE, short_names
from tools.link.syntax import FUNCTIONS, attributes_of, is_private, names_bound
from tools.link.units import Module, Unit, divide

_OF_BUILTINS = set(dir(builtins)).union(*(dir(kind) for kind in vars(builtins).values() if isinstance(kind, type)))


class Program:
    """All modules, their division into units, and what every name is called in the result."""

    def __init__(self, sources: Mapping[str, str], bundles: Mapping[str, Sequence[str]], foreign: set[str],
                 public: set[str]) -> None:
        names = set(sources)
        trees = {name: ast.parse(text) for name, text in sources.items()}
        constants.put_in(trees, public)
        self.modules = {name: Module(name, tree, names) for name, tree in trees.items()}
        self.public = public
        self.units = divide(self.modules, bundles, public)
        self._texts, self._offered = self._known_outside()
        self._keywords = self._passed_by_name(foreign)
        self._fixed = _OF_BUILTINS | foreign | self._texts | self._offered
        self._attributes = self._shorts_of_attributes()
        for unit in self.units:
            for module in unit.parts:
                self._reserve(unit, module)
            for module in unit.parts:
                self._name_globals(unit, module)
                private = [name for name in attributes_of(module.tree) if is_private(name)]
                module.private = dict(zip(private, short_names(""), strict=False))

    def _known_outside(self) -> tuple[set[str], set[str]]:
        """Names that somebody may use: in texts, of what the public modules define."""
        texts, offered = set(), set()
        for module in self.modules.values():
            followed = [node.args[1] for node in ast.walk(module.tree) if self.called(node)]
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in followed:
                    texts.add(node.value)
            if module.name in self.public:
                offered.update(name for name in [*module.bound, *attributes_of(module.tree)] if not is_private(name))
        return texts, offered

    def _passed_by_name(self, foreign: set[str]) -> dict[str, set[str]]:
        """Keyword -> names of the functions that are called with it; "" if that may be any, "__init__" for a class."""
        functions, classes = set(), set()
        for module in self.modules.values():
            functions |= {node.name for node in ast.walk(module.tree) if isinstance(node, FUNCTIONS)}
            classes |= {node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)}
        found: dict[str, set[str]] = {}
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    called = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
                    called = module.imports.get(called, ("", None))[1] or called
                    if called in classes:
                        called = "__init__"
                    elif called not in functions and called not in foreign | _OF_BUILTINS:
                        called = ""
                    for keyword in node.keywords:
                        found.setdefault(keyword.arg or "", set()).add(called)
        return found

    def _shorts_of_attributes(self) -> dict[str, str]:
        """The most frequent first, the shortest are theirs.

        Methods are named in tracebacks, so they get names that nobody takes for something else; and what is bound in
        the body of a class must not hide a builtin there.
        """
        trees = [module.tree for module in self.modules.values()]
        mentioned = Counter(name for unit in self.units for name in {
            node.attr for module in unit.parts for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)})
        named = {name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
                 for name in names_bound(node.body)}
        shared = iter([name for name in IN_EVERY_FIRMWARE
                       if name not in named | self._texts and not mentioned[name]])
        letters = short_names("_")
        names = dict.fromkeys(name for tree in trees for name in attributes_of(tree))
        found: dict[str, str] = {}
        for name in sorted(names, key=lambda name: -mentioned[name]):
            if not is_private(name) and self._is_free(name):
                found[name] = next(letters) if name in named else next(shared, None) or next(letters)
        return found

    def _is_free(self, name: str) -> bool:
        return name not in self._fixed and not name.startswith("__")

    def _reserve(self, unit: Unit, module: Module) -> None:
        """What a module takes from a bundle before it keeps the name that it has there: so it needs no second one."""
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                owner, member = module.imports.get(node.value.id, ("", ""))[0], node.attr
            else:
                owner, member = module.imports.get(getattr(node, "id", ""), ("", ""))
            if owner and self.modules[owner].unit is not unit and member in self.modules[owner].shorts:
                unit.reserved.setdefault(self.modules[owner].shorts[member], self.modules[owner].unit.name)

    def _name_globals(self, unit: Unit, module: Module) -> None:
        # By a text a name is looked up in a module that is called by name, or by the module itself.
        by_text = module is unit.parts[-1] and not unit.is_bundle or "globals" in module.mentioned
        for name in module.bound:
            if name in module.imports or name in module.outside:
                continue
            # A class with a body says its name; what else a facade offers is renamed there.
            offered = module.name in self.public and not is_private(name)
            stays = (by_text and name in self._texts or name.startswith("__")
                     or offered and (unit.name == module.name or name in module.classes))
            if stays and (name in unit.reserved or any(name in other.shorts.values() for other in unit.parts)):
                raise LinkError(f"{module.name}: {name} is there twice in {unit.name}")
            # The compiler puts a constant in for its name wherever that stands, so nothing else may have that name.
            module.shorts[name] = name if stays else next(unit.constants if name in module.folded else unit.letters)

    # --- what the rewriting asks

    def called(self, node: ast.AST) -> Module | None:
        """The module of a call that names it, and a function in it: call("xyte.core.url", "split", ...)."""
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            return None
        named, function = (getattr(argument, "value", None) for argument in node.args[:2])
        module = self.modules.get(named) if isinstance(named, str) and "." in named else None
        return module if module and function in module.bound else None

    def parameter(self, module: Module, function: str, name: str, letters: Iterator[str]) -> str:
        """What a parameter is called. function: its name, "" for a lambda.

        Callers of public modules may pass parameters by name.
        """
        called = self._keywords.get(name, set())
        stays = function in called or "" in called or called and not function or module.name in self.public
        return name if stays else next(letters)

    def attribute(self, module: Module, name: str) -> str:
        if not is_private(name):
            return self._attributes.get(name, name)
        if name not in module.private or name in self._texts:
            raise LinkError(f"{module.name}: {name} is private to another module, or looked up by a text")
        return module.private[name]

    def target(self, module: Module, alias: str) -> tuple[Module, str | None] | None:
        """What an imported name of the program stands for: a module, and what of it."""
        if alias not in module.imports:
            return None
        name, member = module.imports[alias]
        return self.modules[name], member

    def member(self, user: Module, owner: Module, name: str) -> str:
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
            user.unit.taken[key] = short if user.unit.reserved.get(short) == key[0] else next(user.unit.letters)
        return user.unit.taken[key]

    def is_there(self, user: Module, owner: Module) -> bool:
        """Whether `owner` is loaded whenever `user` is."""
        return owner.unit is user.unit or (owner.unit.is_bundle
                                           and self.units.index(owner.unit) < self.units.index(user.unit))

    def module_named(self, user: Module, text: str) -> str:
        """A text that is the name of a module, to be imported by it: as the module is called now."""
        if "." not in text or text not in self.modules:
            return text
        unit = self.modules[text].unit
        if unit.is_bundle and text != unit.name:
            raise LinkError(f"{user.name}: {text} is called by name, but it is in {unit.name}")
        return unit.name
