"""The portions of code that a board gets."""

import ast
import threading

import pytest

from tools.serial import script

SCRIPTS = ("files", "state", "reach", "restart")
NAMES = [(name, node.name) for name in SCRIPTS for node in ast.parse(script.text(name)).body
         if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize(("name", "function"), NAMES, ids=str)
def test_every_portion_is_whole_and_small(name, function):
    code = script.portion(name, function, ())
    tree = ast.parse(code)
    bound = {alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
             for alias in node.names} | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    used = {getattr(node.value, "id", "") for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    modules = {"os", "sys", "gc", "json", "time", "struct", "esp32", "machine", "network", "socket", "hashlib", "tls"}
    assert used & modules <= bound
    assert len(code) < 2600, "a board holds it three times over"


def test_a_portion_brings_what_it_calls_and_leaves_nothing():
    code = script.portion("state", "slots", ("a",))
    assert "def there(" in code and "def heaps(" not in code and "import gc" not in code
    assert code.endswith("print('\\n' + repr(slots('a')))\ndel there, slots\n")


@pytest.mark.parametrize("other", [lambda: script.value("2"), lambda: script._parts.cache_clear() or script.portion(
    "restart", "prepare", ())], ids=["value", "portion"])
def test_no_two_threads_parse_at_once(monkeypatch, other):
    parse, inside, joined = ast.parse, threading.Event(), threading.Event()

    def watched(*args, **options):
        if inside.is_set():
            joined.set()
        else:
            inside.set()
            beside.append(joined.wait(0.3))
        return parse(*args, **options)

    beside = []
    monkeypatch.setattr(ast, "parse", watched)
    first = threading.Thread(target=lambda: beside.append(script.value("[1]")))
    first.start()
    inside.wait()
    other()
    first.join()
    assert beside == [False, [1]] and joined.is_set()
