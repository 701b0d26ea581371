"""Imports in the device code only go down, and tools and agent do not know each other.

    errors, phase 0  <  log, state, core 1  <  services | device 2  <  handlers | portal 3  <  phases 4  <  agent 5
                     <  safe 6

A file may import from a lower layer or from its own folder; `services` and `device` have one number and never
meet, `agent` introduces them. `safe` is the agent without the user's application. Steady code calls up into a phase
by its name (`phase.call`): that is no import, the phase is gone when it returns; but the name must be one that exists.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_code import ROOT, agent_modules, parsed, place, shown

RANK = {
    "errors": 0, "phase": 0, "log": 1, "state": 1, "core": 1, "services": 2, "device": 2, "handlers": 3, "portal": 3,
    "phases": 4, "agent": 5, "updater": 5, "safe": 6,
}
CHIP = {"machine", "esp32", "network", "socket", "ssl", "tls", "ntptime", "select", "vfs"}
# The rules of core take data and return data: nothing in here is a clock, a file or a chip.
CORE_MAY = {
    "array", "binascii", "collections", "hashlib", "io", "json", "math", "micropython", "re", "struct", "xyte",
}


def imports_in(tree: ast.AST) -> Iterator[str]:
    """Dotted name of all that is imported; `from a import b` gives `a.b`, as b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "__import__":
            yield str(getattr(node.args[0], "value", "(computed)"))


def fault_of_import(here: str, name: str) -> str | None:
    """Why the file at `here` (`core/wire.py`) may not import `name`, or None."""
    part = here.split("/")[0].removesuffix(".py")
    top, *rest = name.split(".")
    if name.startswith(".") or name.endswith(".*"):
        return "imports are absolute and name what they want"
    if top in ("tools", "host_tests"):
        return "device code knows nothing of the host"
    if top in CHIP and part != "device":
        return "only device/ touches the chip"
    if part == "core" and top not in CORE_MAY:
        return f"core may import {', '.join(sorted(CORE_MAY))} and nothing else"
    if top != "xyte" or not rest or rest[0] not in RANK:
        return None
    if part != rest[0] and RANK.get(part, 0) <= RANK[rest[0]]:
        return f"{rest[0]} is not below {part}"
    return None


def faults(here: str, source: str) -> list[str]:
    """What is wrong with the imports of one file of the agent."""
    tree = ast.parse(source)
    found = [f"{name}: {fault}" for name in imports_in(tree) if (fault := fault_of_import(here, name))]
    if not here.startswith("device/"):
        found += [f"sys.{node.attr}: only device/ asks what it runs on" for node in ast.walk(tree)
                  if isinstance(node, ast.Attribute) and node.attr in ("platform", "implementation")
                  and getattr(node.value, "id", "") == "sys"]
    if here.startswith("core/"):
        found += ["open(): core has no files" for node in ast.walk(tree)
                  if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open"]
        found += [f"io.{node.attr}: core has no files, only IOBase for json.dump" for node in ast.walk(tree)
                  if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "io"
                  and node.attr != "IOBase"]
    return found


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """The modules on one import cycle, or nothing. graph: module -> modules it imports."""
    left = dict(graph)
    while ready := [name for name, wanted in left.items() if not wanted & left.keys() - {name}]:
        for name in ready:
            del left[name]
    return sorted(left)


def module_name(path: Path) -> str:
    return "xyte." + place(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.parametrize("path", agent_modules(), ids=place)
def test_imports_go_down(path):
    assert faults(place(path), path.read_text()) == []


@pytest.mark.parametrize("path", agent_modules(), ids=place)
def test_every_module_has_a_layer(path):
    first = place(path).split("/")[0].removesuffix(".py")
    assert first in RANK or first == "__init__", f"{shown(path)} is in no layer: give it a rank in RANK"


def test_no_cycles():
    modules = {module_name(path): path for path in agent_modules()}
    graph = {}
    for name, path in modules.items():
        wanted = set(imports_in(parsed(path)))
        graph[name] = (wanted | {full.rpartition(".")[0] for full in wanted}) & modules.keys()
    assert cycle_in(graph) == []


def phase_calls(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    """(module, function, number of arguments) of each `phase.call`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "phase.call":
            module, function, *rest = node.args
            yield ast.literal_eval(module), ast.literal_eval(function), len(rest)


def fits(tree: ast.Module, function: str, count: int) -> bool:
    """Does the module have this function, and does it take so many arguments?"""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            most = len(node.args.args)
            return most - len(node.args.defaults) <= count <= most
    return False


def test_phases_that_are_called_exist():
    """They are called by name, so neither the compiler nor the type checker would see a wrong one."""
    modules = {module_name(path): path for path in agent_modules()}
    calls = [call for path in agent_modules() for call in phase_calls(parsed(path))]
    assert len(calls) > 10
    assert [call for call in calls if call[0] not in modules or not fits(parsed(modules[call[0]]), *call[1:])] == []


def test_steady_code_imports_no_phase():
    """What the agent imports at its top stays for life, and all that this imports: no phase may be in it."""
    modules = {module_name(path): path for path in agent_modules()}
    steady, found = {"xyte.agent", "xyte.device.chip", "xyte.services.http"}, set()
    while steady - found:
        name = (steady - found).pop()
        found.add(name)
        at_top = [node for node in parsed(modules[name]).body if isinstance(node, ast.Import | ast.ImportFrom)]
        wanted = {full for node in at_top for full in imports_in(node)}
        steady |= (wanted | {full.rpartition(".")[0] for full in wanted}) & modules.keys()
    called = {module for path in agent_modules() for module, _, _ in phase_calls(parsed(path))}
    assert not found & called and not [name for name in found if name.startswith(("xyte.phases", "xyte.handlers"))]


def test_package_files_hold_no_code():
    for path in agent_modules():
        if path.name == "__init__.py":
            code = [node for node in parsed(path).body if not (is_docstring(node) or is_version(path, node))]
            assert not code, f"{shown(path)}: importing a package must cost nothing, name the module instead"


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_version(path: Path, node: ast.stmt) -> bool:
    return place(path) == "__init__.py" and isinstance(node, ast.Assign) and node.targets[0].id == "VERSION"


def test_boot_stands_alone():
    """A broken agent must leave a board that can be reached: boot.py needs it for safe mode, and for what it asked for.
    """
    tree = parsed(ROOT / "boot.py")
    at_start = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [name for node in at_start for name in imports_in(node) if name.startswith("xyte")]
    assert {name for name in imports_in(tree) if name.startswith("xyte")} == {"xyte.safe", "xyte.updater"}


def test_tools_do_not_import_the_agent():
    # tools/serial/device/ is sent to boards as text and runs there, beside the agent.
    sources = [path for path in sorted((ROOT / "tools").rglob("*.py")) if path.parent.name != "device"]
    assert sources
    for path in sources:
        wrong = [name for name in imports_in(parsed(path)) if name.split(".")[0] == "xyte"]
        assert not wrong, f"{shown(path)} imports {wrong}: two readings of the protocol must stay two"


@pytest.mark.parametrize(("here", "source"), [
    ("core/wire.py", "from xyte.services.cloud import Cloud"),
    ("core/wire.py", "from xyte import log"),
    ("core/wire.py", "import xyte.log"),
    ("core/wire.py", "import time"),
    ("core/wire.py", "def f():\n    from os import rename"),
    ("core/wire.py", "open('/settings.json')"),
    ("core/wire.py", "import io\nio.open('/settings.json')"),
    ("services/cloud.py", "from xyte.device import chip"),
    ("services/cloud.py", "import socket"),
    ("services/cloud.py", "__import__('machine')"),
    ("services/cloud.py", "from . import http"),
    ("services/cloud.py", "from xyte.core.wire import *"),
    ("services/cloud.py", "import sys\nprint(sys.platform)"),
    ("device/chip.py", "from xyte.services import cloud"),
    ("device/chip.py", "from tools import ROOT"),
    ("handlers/reboot.py", "from machine import reset"),
    ("handlers/reboot.py", "from xyte.agent import Agent"),
    ("agent.py", "from xyte import safe"),
    ("log.py", "from xyte.core import wire"),
    ("errors.py", "import xyte.log"),
    ("services/cycle.py", "from xyte.phases import trouble"),
])
def test_the_check_sees_a_planted_fault(here, source):
    assert faults(here, source)


@pytest.mark.parametrize(("here", "source"), [
    ("core/wire.py", "import json\nfrom micropython import const\nfrom xyte.core.url import split"),
    ("core/wire.py", "from xyte.errors import LinkError"),
    ("services/cloud.py", "from xyte import VERSION, log\nimport os, time"),
    ("device/chip.py", "import machine, sys\nprint(sys.platform)\nfrom xyte import log"),
    ("safe.py", "from xyte.agent import Agent"),
    ("agent.py", "from xyte.device import chip\nfrom xyte.handlers.reboot import run"),
])
def test_the_check_lets_good_code_pass(here, source):
    assert faults(here, source) == []


def test_the_check_sees_a_cycle():
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": set()}) == []
