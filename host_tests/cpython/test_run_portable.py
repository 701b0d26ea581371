"""The runner of the portable tests can fail: it is shown tests that pass, fail, do not import, and none."""

import shutil
import subprocess

import pytest

from device_code import ROOT
from tools import interpreter

PASSES = "def test_one():\n    assert True\n\ndef test_two():\n    pass\n"
FAILS = "def test_last():\n    assert 1 == 2, 'the reason'\n\ndef test_after():\n    pass\n"


@pytest.fixture
def run(tmp_path):
    """Call with files and words; gives (exit status, output) of the runner on a tree with just these files."""
    shutil.copy(ROOT / "host_tests" / "run_portable.py", tmp_path)
    (tmp_path / "portable").mkdir()

    def run(*words: str, **files: str) -> tuple[int, str]:
        for name, text in files.items():
            (tmp_path / "portable" / f"{name}.py").write_text(text)
        done = subprocess.run([*interpreter.find(), str(tmp_path / "run_portable.py"), *words],
                              check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    return run


def test_all_pass_in_the_order_written(run):
    assert run(test_a=PASSES) == (0, "PASS test_a.test_one\nPASS test_a.test_two\n2 passed, 0 failed\n")


def test_a_failure_is_shown_and_the_rest_still_runs(run):
    status, output = run(test_a=FAILS, test_b=PASSES)
    assert status == 1
    assert "FAIL test_a.test_last\nTraceback" in output and "the reason" in output
    assert output.endswith("3 passed, 1 failed\n")


def test_a_file_that_does_not_import_is_a_failure(run):
    status, output = run(test_a="import absent\n", test_b=PASSES)
    assert status == 1 and "FAIL test_a.import" in output and output.endswith("2 passed, 1 failed\n")


def test_nothing_to_run_is_a_failure(run):
    assert run(notes=PASSES) == (1, "0 passed, 0 failed\n")
    assert run("other", test_a=PASSES) == (1, "0 passed, 0 failed\n")


def test_words_choose_files(run):
    assert run("_a", test_a=PASSES, test_b=FAILS)[1].endswith("2 passed, 0 failed\n")
