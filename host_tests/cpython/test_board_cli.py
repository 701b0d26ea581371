"""`python -m tools board` as its user meets it."""

import functools
import os
import signal
import subprocess
import sys
import time

import pytest
from board_lab import firmware

from command_line import tools
from tools import ROOT
from tools.board import cli
from tools.board.power import Boot, RunResult

board = functools.partial(tools, "board")


def running(folder):
    """A `board run` in the background, for 20 s at most."""
    return subprocess.Popen([sys.executable, "-m", "tools", "board", "run", str(folder), "--for", "20"],
                            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def described(tmp_path):
    """Words that describe a small board in tmp_path/b."""
    (tmp_path / "main.py").write_text("print('hello')\n")
    (tmp_path / "image.bin").write_bytes(firmware())
    (tmp_path / "ca.pem").write_text("certificate")
    return [tmp_path / "b", "--entry", "https://localhost:1", "--ca", tmp_path / "ca.pem", "--hardware-key",
            "key-not-to-be-shown", "--sn", "s1", "--mac", "24:A1:60:00:00:01",
            "--main", tmp_path / "main.py", "--firmware", tmp_path / "image.bin"]


def test_new_run_inspect_wipe(tmp_path, described):
    made = board("new", *described, "--set", "telemetry_interval_s=5", "--set", "name=Test", "--wifi", "a:b",
                 "--files", f"/extra/data.txt={tmp_path / 'ca.pem'}")
    assert made.returncode == 0, made.stderr
    ran = board("run", tmp_path / "b", "--for", "1")
    assert ran.returncode == 0
    lines = ran.stdout.splitlines()
    assert lines[:2] == ["--- boot 1: PWRON_RESET, slot ota_0 ---", "hello"]
    assert lines[-1] == "--- 1 boots, 2 flash operations ---"
    report = board("inspect", tmp_path / "b").stdout
    for expected in ["mac 24a160000001", "ota_0", "xyte-agent 1.0.0", "sequence 1 (slot ota_0), VALID",
                     "/settings.json", "/ca/0.pem", "/extra/data.txt", "PWRON_RESET"]:
        assert expected in report
    assert "key-not-to-be-shown" not in made.stdout + ran.stdout + report
    assert board("wipe", tmp_path / "b", "--files").returncode == 0
    assert "/settings.json" not in board("inspect", tmp_path / "b").stdout


@pytest.mark.parametrize("port", ["99999", "-1", "x"])
def test_a_port_that_cannot_be(tmp_path, port):
    failed = board("run", tmp_path, f"--serial={port}")
    assert failed.returncode == 2 and f"{port!r} is no TCP port: 1 to 65535, or 0 for a free one" in failed.stderr


@pytest.mark.parametrize(("option", "value", "complaint"), [
    ("--heap", "3", "no heap that MicroPython starts in"), ("--heap", "56 K", "no heap that MicroPython starts in"),
    ("--speed", "fast", "speed is from 0.01 to 1000")])
def test_a_number_that_cannot_be(tmp_path, option, value, complaint):
    failed = board("new", str(tmp_path / "b"), "--stock", option, value)
    assert failed.returncode == 2 and complaint in failed.stderr and not (tmp_path / "b").exists()


def test_a_stock_board_has_nothing_but_firmware(tmp_path):
    made = board("new", tmp_path / "s", "--stock", "--mac", "24:A1:60:00:00:02")
    assert made.returncode == 0, made.stderr
    ran = board("run", tmp_path / "s", "--for", "1")
    assert "Performing initial setup" in ran.stdout and ">>> " in ran.stdout
    report = board("inspect", tmp_path / "s").stdout
    assert "/boot.py" in report and "/lib" not in report and "/settings.json" not in report
    refused = board("new", tmp_path / "t", "--stock", "--sn", "1")
    assert refused.returncode == 1 and "--sn: a stock board has no files yet" in refused.stderr
    refused = board("new", tmp_path / "t", "--entry", "http://localhost", "--sn", "1")
    assert refused.returncode == 1 and "--hardware-key is missing" in refused.stderr


def test_settings_on_the_board(tmp_path, described):
    import json

    from tools.board.virtual import VirtualBoard

    assert board("new", *described, "--set", "telemetry_interval_s=5", "--set", "name=Test 1",
                 "--wifi", "a:b:c").returncode == 0
    made = VirtualBoard(tmp_path / "b")
    assert json.loads(made.read_file("/settings.json")) == {
        "entry_url": "https://localhost:1", "hardware_key": "key-not-to-be-shown", "sn": "s1",
        "mac": "24:a1:60:00:00:01", "wifi": [{"ssid": "a", "key": "b:c"}], "ca_files": ["/ca/0.pem"],
        "telemetry_interval_s": 5, "name": "Test 1"}
    assert made.read_file("/ca/0.pem") == b"certificate"
    made.write_file("/deep/er/file", b"x")
    assert made.read_file("/deep/er/file") == b"x"
    with pytest.raises(FileNotFoundError):
        made.read_file("/none")


def test_secrets_in_nvs_are_masked(tmp_path, described):
    (tmp_path / "main.py").write_text("from esp32 import NVS\nNVS('x').set_blob('id', b'access-key-1234')\n"
                                      "NVS('x').set_i32('n', 77)\n")
    board("new", *described)
    board("run", tmp_path / "b", "--for", "0.5")
    report = board("inspect", tmp_path / "b").stdout
    assert "x/id = 15 bytes, hash " in report and "x/n = 77" in report
    assert "access-key" not in report


def test_cut_and_boots(tmp_path, described):
    (tmp_path / "main.py").write_text("import machine\nmachine.reset()\n")
    board("new", *described)
    ran = board("run", tmp_path / "b", "--cut-after", "2", "--boots", "3", "--log", tmp_path / "log")
    assert "--- power cut in flash operation 2 ---" in ran.stdout
    assert ran.stdout.splitlines()[-1].endswith("flash operations, one power cut ---")
    assert (tmp_path / "log").read_text() == ran.stdout


def test_ctrl_c_ends_a_run_without_a_terminal(tmp_path, described):
    (tmp_path / "main.py").write_text("while True: pass\n")
    board("new", *described)
    process = running(tmp_path / "b")
    assert process.stdout.readline().startswith("--- boot 1")
    process.send_signal(signal.SIGINT)
    assert "flash operations" in process.communicate(timeout=10)[0]
    assert process.returncode == 0


def test_interpreter_dies_with_the_supervisor(tmp_path, described):
    (tmp_path / "main.py").write_text("import time\nwhile True: time.sleep(1)\n")
    board("new", *described)
    process = running(tmp_path / "b")
    assert process.stdout.readline().startswith("--- boot 1")
    time.sleep(0.3)
    children = children_of(process.pid)
    assert children
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while any(map(alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, children))


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("words, complaint", [
    (["run", "nowhere"], "make one with"),
    (["new", "b", "--entry", "https://x", "--hardware-key", "k", "--sn", "s"], "--ca FILE"),
    (["new", "b", "--entry", "ftp://x", "--hardware-key", "k", "--sn", "s"], "not an http(s) URL"),
    (["new", "b", "--entry", "http://x", "--hardware-key", "k", "--sn", "s", "--mac", "12"], "12 hex digits"),
    (["new", "b", "--entry", "http://x", "--hardware-key", "k", "--sn", "s", "--main", "none.py"], "none.py"),
])
def test_complaints(tmp_path, words, complaint):
    words = [str(tmp_path / word) if word in ("nowhere", "b") else word for word in words]
    result = board(*words)
    assert result.returncode == 1
    assert complaint in result.stderr and "Traceback" not in result.stderr


def test_folder_in_use_is_refused_unless_forced(tmp_path, described):
    assert board("new", *described).returncode == 0
    again = board("new", *described)
    assert again.returncode == 1 and "--force" in again.stderr
    assert board("new", *described, "--force").returncode == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    refused = board("new", other, *described[1:], "--force")
    assert refused.returncode == 1 and (other / "thesis.txt").exists()


def test_summary():
    boots = [Boot(1, "PWRON_RESET"), Boot(2, "HARD_RESET")]
    result = RunResult([], boots, 12, True)
    assert cli.summary(result) == "--- 2 boots, 12 flash operations, one power cut ---"


def test_outage_while_it_runs(tmp_path, described):
    (tmp_path / "main.py").write_text(
        "import network, time\nw = network.WLAN()\nw.active(True)\nw.connect('virtual-ap', 'virtual-key')\n"
        "s = None\nwhile True:\n    if w.isconnected() != s:\n        s = not s\n"
        "        print('connected', s)\n"
        "    time.sleep_ms(10)\n")
    board("new", *described)
    process = running(tmp_path / "b")
    wait_for(process, "connected True")
    board("outage", tmp_path / "b", "on")
    wait_for(process, "connected False")
    board("outage", tmp_path / "b", "off")
    wait_for(process, "connected True")
    ended_by(process, signal.SIGTERM)
    process = running(tmp_path / "b")
    wait_for(process, "connected True")
    ended_by(process, signal.SIGHUP)


def ended_by(process, number):
    os.kill(process.pid, number)
    process.communicate(timeout=10)
    assert process.returncode == 0


def wait_for(process, text):
    for line in process.stdout:
        if line.strip() == text:
            return
    raise AssertionError(f"the board never said {text!r}")
