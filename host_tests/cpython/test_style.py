"""What device code may not contain, and how long its pieces may be: rules a reviewer need not repeat.

Prices and missing features are those of MicroPython 1.25 to 1.29. Each rule is shown a planted fault below.
"""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator

import pytest

from device_code import PACKAGE, ROOT, agent_modules, board_files, place

LONGEST_FUNCTION = 40
LONGEST_MODULE = 260
MOST_PARAMETERS = 6

# Who may catch everything, and why. Elsewhere a caught bug would look like a refused command or a bad link.
MAY_CATCH_ALL = {
    "firmware/examples/dht22/main.py": "its driver raises a bare Exception",
    "agent.py": "the last line of defence: crash note and reset",
    "updater.py": "the same, when there is no application",
    "phases/offer.py": "a bug on the way must not end in a boot loop",
    "phases/update.py": "before_update is the user's code",
    "core/outcome.py": "a handler is the user's code",
    "core/values.py": "an exception's text is the user's code",
    "services/telemetry.py": "a sensor is the user's code",
    "services/trial.py": "a self-test is the user's code",
}
MAY_PRINT = {"boot.py", "main.py", "log.py"}  # boot.py imports nothing of ours, so not even the log
ABSENT = {"abc", "contextlib", "dataclasses", "enum", "functools", "logging", "typing", "unittest"}
ABSENT_METHODS = {"hexdigest", "removeprefix", "removesuffix", "_replace"}
VAGUE = {"common", "helper", "helpers", "misc", "util", "utils"}
SECRET = re.compile(r"(access|hardware|private)_?key|password|passphrase|secret|credential", re.IGNORECASE)
TELLS = {"debug", "info", "warning", "error", "critical", "exception", "print"}

Rule = Callable[[str, ast.Module], Iterator[str]]


def functions_in(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def function_size(here: str, tree: ast.Module) -> Iterator[str]:
    for function in functions_in(tree):
        lines = function.end_lineno - function.lineno + 1
        if lines > LONGEST_FUNCTION:
            yield f"{function.name} has {lines} lines, {LONGEST_FUNCTION} are the limit"
        arguments = function.args
        names = [arg.arg for arg in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
        count = len([name for name in names if name not in ("self", "cls")])
        if count > MOST_PARAMETERS:
            yield f"{function.name} has {count} parameters, {MOST_PARAMETERS} are the limit"


def mutable_defaults(here: str, tree: ast.Module) -> Iterator[str]:
    makers = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
    for function in functions_in(tree):
        for default in [*function.args.defaults, *function.args.kw_defaults]:
            made = isinstance(default, ast.Call) and getattr(default.func, "id", "") in (
                "bytearray", "dict", "list", "set")
            if made or isinstance(default, makers):
                yield f"{function.name} has a default that all its calls share"


def catching(here: str, tree: ast.Module) -> Iterator[str]:
    for handler in ast.walk(tree):
        if not isinstance(handler, ast.ExceptHandler):
            continue
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names = {getattr(kind, "id", None) for kind in caught}
        allowed = here in MAY_CATCH_ALL or passes_on(handler)
        if handler.type is None:
            yield f"line {handler.lineno}: a bare except hides Ctrl-C and typing errors"
        elif names & {"Exception", "BaseException"} and not allowed:
            yield f"line {handler.lineno}: catches everything; name what can happen"


def passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether it only cleans up and then raises the same exception."""
    return isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None


def printing(here: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print" and here not in MAY_PRINT:
            yield f"line {node.lineno}: print; only log.py speaks"


def absent_features(here: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            yield from (f"line {line}: boards have no module {name}" for name in names if name in ABSENT)
        elif isinstance(node, ast.Attribute) and node.attr in ABSENT_METHODS:
            yield f"line {line}: MicroPython has no {node.attr}"
        elif isinstance(node, ast.Raise) and node.cause is not None:
            yield f"line {line}: `raise ... from` keeps no cause"
        elif isinstance(node, ast.Name | ast.Attribute) and is_private_twice(node):
            yield f"line {line}: names with two underscores are not mangled, one is enough"
        elif isinstance(node, ast.Name) and node.id == "__slots__":
            yield f"line {line}: __slots__ costs bytes and does nothing"


def is_private_twice(node: ast.Name | ast.Attribute) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr
    return name.startswith("__") and not name.endswith("__")


def constants(here: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "const":
            yield f"line {node.lineno}: only the bare name const(...) is folded"
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            public = [name.id for name in node.targets if isinstance(name, ast.Name) and name.id[0] != "_"]
            if getattr(node.value.func, "id", "") == "const" and public:
                yield f"line {node.lineno}: a public const ({public[0]}) costs more than a plain name"


def secrets_told(here: str, tree: ast.Module) -> Iterator[str]:
    """Keys and passwords in what is logged, printed or raised."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in TELLS:
            told = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            told = node.exc.args
        else:
            continue
        for name in (name for part in told for name in values_used(part) if SECRET.search(name)):
            yield f"line {node.lineno}: tells {name}"


def called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def values_used(node: ast.AST) -> Iterator[str]:
    """Names, attributes and keys whose values end up in an expression; text around them does not count."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant):
            yield str(part.slice.value)


RULES: list[Rule] = [
    function_size, mutable_defaults, catching, printing, absent_features, constants, secrets_told,
]


@pytest.mark.parametrize("path", board_files(), ids=place)
def test_rules(path):
    tree = ast.parse(path.read_text(), filename=str(path))
    assert [fault for rule in RULES for fault in rule(place(path), tree)] == []


@pytest.mark.parametrize("path", board_files(), ids=place)
def test_modules_are_small_and_named_after_something(path):
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST_MODULE, f"{lines} lines, {LONGEST_MODULE} are the limit: which subject can leave?"
    assert not VAGUE & set(place(path).removesuffix(".py").split("/")), "a module is named after its subject"


def test_every_test_file_has_a_name_of_its_own():
    """pytest takes the second for the first, and refuses it."""
    names = [path.name for path in (ROOT / "host_tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_exemptions_are_still_needed():
    """A file that is gone, or no longer catches everything, must leave the list."""
    for here in MAY_CATCH_ALL:
        source = ((ROOT if here.startswith("firmware/") else PACKAGE) / here).read_text()
        assert list(catching("elsewhere.py", ast.parse(source))), f"{here} needs no exemption"


def test_one_version():
    """The agent's version is stated twice, for the board and for Python's tools; both must agree."""
    stated = re.search(r'^VERSION = "(.+)"', (PACKAGE / "__init__.py").read_text(), re.MULTILINE)[1]
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == stated


@pytest.mark.parametrize(("rule", "source"), [
    (function_size, "def f():\n" + "    x = 1\n" * 40),
    (function_size, "def f(self, a, b, c, d, e, f, g): pass"),
    (function_size, "def f(a, b, c, d, *, e, f, g): pass"),
    (mutable_defaults, "def f(a=[]): pass"),
    (mutable_defaults, "def f(*, a=dict()): pass"),
    (catching, "try: pass\nexcept: pass"),
    (catching, "try: pass\nexcept Exception: pass"),
    (catching, "try: pass\nexcept (OSError, BaseException) as e: pass"),
    (printing, "def f(): print(1)"),
    (absent_features, "from typing import Any"),
    (absent_features, "import os, logging"),
    (absent_features, "sha.hexdigest()"),
    (absent_features, "try: pass\nexcept OSError as e: raise ValueError() from e"),
    (absent_features, "class A:\n    __slots__ = ('a',)"),
    (absent_features, "class A:\n    def f(self): self.__a = 1"),
    (constants, "import micropython\n_A = micropython.const(1)"),
    (constants, "A = const(1)"),
    (secrets_told, "log.info('cloud', 'key %s' % access_key)"),
    (secrets_told, "log.error('cloud', f'{self.identity.access_key}')"),
    (secrets_told, "print(settings['hardware_key'])"),
    (secrets_told, "raise LinkError('wrong %s' % wifi['password'])"),
])
def test_a_rule_sees_a_planted_fault(rule, source):
    assert list(rule("services/cloud.py", ast.parse(source)))


@pytest.mark.parametrize("source", [
    "def f(self, a, b, c, d, e, f=None):\n" + "    x = 1\n" * 39,
    "try: pass\nexcept (OSError, ValueError) as e: raise LinkError(str(e))",
    "try: pass\nexcept BaseException:\n    plain.close()\n    raise",
    "_A = const(1)\nA = 1",
    "log.info('cloud', 'access_key was refused')\nlog.hide(access_key)",
])
def test_the_rules_let_good_code_pass(source):
    tree = ast.parse(source)
    assert [fault for rule in RULES for fault in rule("services/cloud.py", tree)] == []


def test_sizes_are_those_of_more_than_nothing():
    assert len(agent_modules()) > 1
