"""A script that fails, breaks or says nothing must not pass for one that holds."""

import pytest
import verdicts
from target import Secret
from verdicts import Verdicts, run_script


def run(repl, monkeypatch, tmp_path, text):
    for name in ("verdict", "planted"):
        source = (verdicts.SCRIPTS / "verdict.py").read_text() if name == "verdict" else text
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setattr(verdicts, "SCRIPTS", tmp_path)
    return run_script(repl, "planted", LIMIT=3)


def test_each_verdict_is_told_apart(repl, monkeypatch, tmp_path):
    heard = run(repl, monkeypatch, tmp_path, """
check("equal", LIMIT, 3)
holds("true", True)
print("PASSED nothing")
skip("skipped", "no reason")
info("number", 7)
check("another", raised(int, "x")[0], "ValueError")
check("none", raised(int, "1"), ("nothing", 1))
""")
    assert heard == Verdicts(["equal", "true", "another", "none"], [], ["skipped: no reason"], ["number: 7"])
    heard.must_hold()


@pytest.mark.parametrize("text, why", [
    ("check('size', 4, LIMIT)", "size: 4, expected 3"),
    ("holds('size', 4 == LIMIT, 4)", "size: 4"),
    ("check('first', 1, 1)\n1 / 0", "planted.py: ZeroDivisionError: divide by zero"),
    ("pass", "the script said nothing"),
])
def test_what_does_not_hold_fails(repl, monkeypatch, tmp_path, text, why):
    with pytest.raises(AssertionError, match=why):
        run(repl, monkeypatch, tmp_path, text).must_hold()


def test_a_wifi_key_reaches_the_board_and_is_never_shown(repl, monkeypatch, tmp_path):
    network = {"ssid": "lab", "key": Secret("not-to-be-shown")}
    with monkeypatch.context() as patch:
        patch.setattr(verdicts, "SCRIPTS", tmp_path)
        (tmp_path / "verdict.py").write_text("")
        (tmp_path / "planted.py").write_text("print('PASS' if NETWORKS[0]['key'] == 'not-to-be-shown' else 'FAIL', 1)")
        assert run_script(repl, "planted", NETWORKS=[network]).passed == ["1"]
    assert "not-to-be-shown" not in repr([network])
