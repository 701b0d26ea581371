"""The linker: what it makes does what the sources did, and names that others know stay."""

import subprocess
import sys
import textwrap

import pytest

from tools import build, link

# A program with everything that names can do.
SOURCES = {
    "app": 'VERSION = "1.2"\n',
    "app.core": "",
    "app.core.rules": """
        from micropython import const
        _LIMIT, WORDS = const(3), ("left", "right")
        def clip(text, limit=_LIMIT):
            "Not longer than this."
            return text[:limit]
        def _twice(text):
            return text + text
        def echo(text):
            return _twice(clip(text))
        class Mine(dict):
            def clear(self):
                return len({1: 2}.items())
        def left(text):
            return "L" + text
        def right(text):
            return "R" + text
        def turn(name, text):
            return globals()[name](text)
    """,
    "app.core.parts": """
        from micropython import const
        from app.core import rules
        _STEP = const(2)
        total = []
        _count = 0
        class OddError(ValueError):
            "It says how odd."
            status: int
        class Base:
            step = staticmethod(abs)
            def __init__(self, first, *more, **named):
                self._value, self.size = first, len(more) + len(named)
            @property
            def value(self):
                return self._value
            def grow(self, by=1):
                self._value += by
                return self
        class Part(Base):
            def __init__(self, first, second):
                super().__init__(first, second, named=1)
                self._extra = [n * _STEP for n in range(first) if n != second]
            def sum(self):
                return sum(x for x in self._extra) + self.size + self.step(-1)
        def counted(rules):
            "The parameter hides the module."
            global _count
            _count += rules
            total.append(_count)
            def inner():
                nonlocal rules
                rules = rules + 1
                return rules
            return inner() + inner()
        def careful(text):
            try:
                return int(text)
            except ValueError as e:
                return rules.clip(type(e).__name__, limit=5)
    """,
    "app.late": """
        import json
        from app.core.parts import Part, total
        class _Hidden:
            def __init__(self, rules):
                self._rules = rules
        def run(text):
            return json.dumps([text, Part(4, 1).sum(), len(total), _Hidden(text)._rules])
    """,
    "app.core.marks": """
        DOT, DASH = ".", "-"
        LIMIT = 40
        count = 0
        LONG = "a text that is too long to be written more than once"
        def more():
            global count
            count += LIMIT
            return count
    """,
    "app.phase": """
        def call(module, function, *args):
            return getattr(__import__(module, None, None, (function,)), function)(*args)
    """,
    "app.face": """
        import sys
        from app import VERSION, phase
        from app.core import marks, parts as bits, rules
        from app.core.marks import DASH as dash
        from app.core.rules import WORDS, echo as again
        class Face:
            def __init__(self, name, size=1):
                self.name, self._size = name, size
                self.part = bits.Part(size, second=0)
            def tell(self, loud=False):
                return (lambda text, mark="!": text + mark * loud)(self.name)
        def main():
            from app.late import run
            from app.core.parts import counted
            face = Face(name="face", size=3)
            print(VERSION, face.tell(loud=True), face.part.sum(), face.part.grow().grow(by=2).value)
            print(again("abcdef"), [rules.turn(word, "x") for word in WORDS], bits.careful("7"), bits.careful("x"))
            print(counted(5), counted(6), run("late"), phase.call("app.late", "run", "named"))
            print(marks.DOT + dash, marks.more() + marks.LIMIT, marks.LONG, (lambda DOT: DOT)(5))
            print(bits.OddError.__name__, issubclass(bits.OddError, ValueError))
            print(getattr(face, "name"), {word: len(word) for word in WORDS}, sys.maxsize > 0)
    """,
}
PUBLIC = ("app", "app.face")
BUNDLES = {"app.base": ("app.core.parts", "app.phase"), "app.face": ("app.face",)}


def sources():
    return {name: textwrap.dedent(text) for name, text in SOURCES.items()}


def said(tmp_path, modules):
    """What `main` prints, with these modules on disk; those with modules below them are packages."""
    tmp_path.mkdir()
    (tmp_path / "micropython.py").write_text("const = int\n")
    for name, text in modules.items():
        is_package = any(other.startswith(name + ".") for other in modules)
        path = tmp_path.joinpath(*name.split("."))
        path = path / "__init__.py" if is_package else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    program = "import builtins\nbuiltins.const = int\nfrom app.face import main\nmain()"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("bundles", [BUNDLES, {}, {"app.face": ("app.face",)}], ids=["two", "none", "one"])
def test_what_is_linked_does_the_same(tmp_path, bundles):
    linked = link.link(sources(), bundles, foreign=["dumps", "append"], public=PUBLIC)
    before, after = said(tmp_path / "before", sources()), said(tmp_path / "after", linked)
    assert after == before and len(before) == 6


def test_bundles_and_one_package():
    linked = link.link(sources(), BUNDLES, public=PUBLIC)
    assert set(linked) == {"app", "app.base", "app.face", "app.late"}


def test_names_are_few():
    linked = link.link(sources(), BUNDLES, public=PUBLIC)
    names = link.names_in(linked["app.base"])
    assert not names & {"_twice", "_count", "_value", "_extra", "counted", "careful", "Part", "total", "text"}
    assert {"left", "right", "named"} <= names and "size" not in names, "texts and keywords"


def test_a_parameter_keeps_its_name_where_it_is_passed_by_that():
    texts = sources()
    texts["app.late"] += "def bound(limit, size):\n    return limit + size\n"
    linked = link.link(texts, {}, public=PUBLIC)
    assert "(a, limit=" in linked["app.rules"] and not {"limit", "size"} & link.names_in(linked["app.late"])
    texts["app.late"] += "def turned(which):\n    return [bound, max][which](1, size=2)\n"
    assert "size" in link.names_in(link.link(texts, {}, public=PUBLIC)["app.late"]), "it may be any function"


def test_a_class_without_a_body_needs_no_code_of_its_own():
    base = link.link(sources(), BUNDLES, public=PUBLIC)["app.base"]
    assert "= type('OddError', (ValueError,), {})" in base and "class OddError" not in base


def test_a_name_from_a_bundle_is_the_same_on_both_sides():
    linked = link.link(sources(), BUNDLES, public=[*PUBLIC, "app.core.rules"])
    assert linked["app.late"].startswith("from app.base import ") and " as " not in linked["app.late"]


def test_attributes_have_names_of_every_firmware():
    base, late = (link.link(sources(), BUNDLES, public=PUBLIC)[name] for name in ("app.base", "app.late"))
    texts = sources()
    texts["app.late"] = texts["app.late"].replace("_rules", "rules_told")
    assert "rules_told" not in link.link(texts, BUNDLES, public=PUBLIC)["app.late"]
    assert "a.islower = b" in link.link(texts, BUNDLES, public=PUBLIC)["app.late"] and "islower" not in base + late


def test_a_public_module_that_nobody_uses_is_where_it_was():
    texts = {**sources(), "app.core.alone": "def ring():\n    return 1\n"}
    assert "def ring" in link.link(texts, BUNDLES, public=[*PUBLIC, "app.core.alone"])["app.core.alone"]
    assert "app.core.alone" not in link.link(texts, BUNDLES, public=PUBLIC)


def test_values_that_never_change_need_no_name():
    texts = sources()
    texts["app.late"] += "from app.core.marks import DASH\ndef dash():\n    return DASH\n"
    linked = link.link(texts, {}, public=PUBLIC)
    assert "marks" not in linked["app.late"] and "return '-'" in linked["app.late"]
    assert "40" in linked["app.face"] and "DASH" not in "".join(linked.values())
    kept = link.link(texts, {}, public=[*PUBLIC, "app.core.marks"])
    assert "DASH" in kept["app.core.marks"]


def test_names_of_the_outside_stay():
    linked = link.link(sources(), BUNDLES, foreign=["grow"], public=[*PUBLIC, "app.core.rules"])
    base, facade = link.names_in(linked["app.base"]), linked["app.core.rules"]
    assert {"grow", "Mine"} <= base and not {"clip", "echo"} & base
    assert facade.startswith("from app.base import ") and " as clip" in facade and " as echo" in facade
    names = link.names_in(linked["app.face"])
    assert {"Face", "main", "name", "size", "tell", "loud"} <= names and "_size" not in names


@pytest.mark.parametrize(("line", "complaint"), [
    ("def more():\n    return rules\n", "used as a value"),
    ("rules.WORDS = ()\n", "set from outside"),
    ("phase.call('app.core.rules', 'left', '')\n", "called by name"),
    ("print(rules.nothing)\n", "has no nothing"),
    ("print(bits._count)\n", "changes"),
    ("print(Face('x').part._value)\n", "private to another"),
    ("import json.decoder\n", "write from"),
])
def test_what_cannot_be_linked_is_told(line, complaint):
    broken = sources()
    broken["app.face"] += line
    with pytest.raises(link.LinkError, match=complaint):
        link.link(broken, BUNDLES, public=PUBLIC)


def test_the_agent_links(tmp_path):
    """And what its application may import is there under its name."""
    written = {path.relative_to(tmp_path).as_posix() for path in build.compile_linked(build.AGENT, tmp_path)}
    for public in ("agent", "errors", "log", "device/wired", "updater", "safe", "base"):
        assert f"xyte/{public}.mpy" in written
    sources_there = sum(1 for path in build.AGENT.rglob("*.py"))
    assert len(written) < sources_there


def test_the_updater_does_without_the_rest():
    """Each module that it may load: what those import is in the first bundle, or in the same list."""
    modules = ("updater", "start", "settings_file", "vault", "timekeeper", "link_repair", "board", "trust", "dial",
               "outgoing", "content", "alone", "transfer", "update_fetch", "update_switch", "update_signature",
               "progress")
    linked = build.linked(build.AGENT)
    for module in ("base", *modules):
        assert "\nfrom xyte.agent import" not in "\n" + linked[f"xyte.{module}"], module
