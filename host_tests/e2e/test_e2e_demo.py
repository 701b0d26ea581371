"""Must show 1: the demo registers, reports and reboots a board by itself, and its exit status tells the truth."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import ROOT
from tools import __main__ as cli
from tools.board.virtual import VirtualBoard
from tools.cloud.process import LocalCloud
from tools.demo_board import known_port

SECONDS = 20


def start(*words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tools", "demo", *words], cwd=ROOT, text=True,
                            env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Both at once: they mostly wait."""
    folder: Path = tmp_path_factory.mktemp("demo")
    with LocalCloud(folder / "cloud") as cloud:
        cloud.control.delete("hardware_keys/1").raise_for_status()
    started = {"good": start("--for", str(SECONDS)), "refused": start("--for", "5", "--dir", str(folder))}
    yield started
    for process in started.values():
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate(timeout=SECONDS + 20)
    return process.returncode, output


def test_the_demo_does_the_whole_job_and_says_so(demos):
    status, output = ended(demos["good"])
    assert status == 0, output
    assert re.search(r"^registered +yes$", output, re.MULTILINE)
    assert re.search(r"^reboot command +done$", output, re.MULTILINE)
    assert int(re.search(r"^telemetries accepted +(\d+)$", output, re.MULTILINE)[1]) >= 3
    assert re.search(r"^boots +2$", output, re.MULTILINE)
    assert "curl -H 'Authorization: " in output


def test_the_demo_fails_when_the_cloud_refuses_the_board(demos):
    status, output = ended(demos["refused"])
    assert status == 1, output
    assert re.search(r"^registered +no$", output, re.MULTILINE)
    assert "refused: HTTP 404" in output and "Traceback" not in output


def test_a_demo_that_is_ended_leaves_nothing(tmp_path):
    """Nor its cloud: the command waits for its end."""
    process = start(TMPDIR=str(tmp_path))
    assert any("telemetry 1 accepted" in line for line in process.stdout)
    process.send_signal(signal.SIGTERM)
    status, output = ended(process)
    assert status == 0 and re.search(r"^registered +yes$", output, re.MULTILINE), output
    assert not list(tmp_path.iterdir())


def test_a_kept_demo_finds_its_cloud_again(tmp_path):
    assert known_port(tmp_path / "board") == 0
    VirtualBoard.create(tmp_path / "board", entry_url="https://localhost:12345", hardware_key="k", sn="1", ca=b"ca")
    assert known_port(tmp_path / "board") == 12345


def test_a_folder_that_cannot_be_is_said_in_a_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["demo", "--dir", str(tmp_path / "file")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("demo: ") and str(tmp_path / "file") in said and said.count("\n") == 1
