"""doctor, console and monitor, over the serial port of boards that run the agent against a real cloud."""

import json
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
from rig import MAIN, RUN, make_board

from command_line import tools
from plugged import Plugged
from tools import ROOT
from tools.board import factory
from tools.board.virtual import VirtualBoard
from tools.cloud import defaults
from tools.serial import listen
from tools.update.application import application

SECRETS = (defaults.HARDWARE_KEY, "virtual-key")


@pytest.fixture(scope="module")
def registered(shared_cloud, tmp_path_factory):
    """A board that has registered, and runs, its 56 KiB of heap filled by an agent from files; all tests use it."""
    board = make_board(tmp_path_factory.mktemp("bench") / "b", shared_cloud, speed=1.0, agent="files",
                       firmware=factory.built_firmware("1.0.0", "files"))
    with Plugged(board) as plugged:
        plugged.wait("registered")
        yield plugged


def examined(plugged, *options):
    """The findings, by name, and the exit status."""
    ran = tools("doctor", "--port", plugged.url, "--json", *options)
    assert ran.stdout.startswith("{"), ran
    assert not any(secret in ran.stdout + ran.stderr for secret in SECRETS)
    return {found["check"]: found for found in json.loads(ran.stdout)["findings"]}, ran.returncode


def test_doctor_finds_a_good_board_good_and_restarts_it(registered):
    since = len(registered.lines)
    findings, status = examined(registered)
    assert status == 0
    assert {name: found["verdict"] for name, found in findings.items()} == dict.fromkeys(
        ["firmware", "chip", "partitions", "rollback", "application", "agent", "memory", "stores", "identity",
         "settings", "ca", "wifi", "clock", "dns entry", "tls entry"], "OK")
    assert re.fullmatch(r"device [0-9a-f]{4}….{4}, kept in NVS and file", findings["identity"]["text"])
    assert "4 MiB flash" in findings["chip"]["text"] and "ota_1 1536 K" in findings["partitions"]["text"]
    registered.wait("started after HARD_RESET", since)


def test_doctor_names_what_is_missing_on_a_stock_board(tmp_path):
    with Plugged(VirtualBoard.create_stock(tmp_path / "b")) as plugged:
        plugged.wait("MicroPython v")
        ran = tools("doctor", "--port", plugged.url)
    assert ran.returncode == 1
    assert re.search(r"^FAIL +agent +not there\n +-> `tools deploy`$", ran.stdout, re.MULTILINE)
    assert re.search(r"^FAIL +settings +/settings.json is not there$", ran.stdout, re.MULTILINE)
    assert re.search(r"^WARN +identity +none", ran.stdout, re.MULTILINE)
    assert ran.stdout.endswith("3 of 10 failed: application, agent, settings\n")


def test_doctor_names_what_is_wrong_with_settings_wifi_and_ca(shared_cloud, tmp_path):
    board = make_board(tmp_path / "b", shared_cloud, speed=10.0)
    settings = json.loads(board.read_file("/settings.json"))
    fixed = {"ip": "192.168.1.9", "mask": "255.255.255.0", "gateway": "192.168.1.1"}
    wrong = {**settings, "wifi": [{"ssid": "virtual-ap", "key": "wrong-key", **fixed}], "tx_power_dbm": 8.5}
    board.write_file("/settings.json", json.dumps(wrong).encode())
    with Plugged(board) as plugged:
        findings, status = examined(plugged)
        assert status == 1 and findings["wifi"]["verdict"] == "FAIL"
        assert findings["wifi"]["text"] == "virtual-ap: wrong password" and "wrong-key" not in str(findings)
    board.write_file("/settings.json", json.dumps({**settings, "telemetry_interval_s": 0}).encode())
    with Plugged(board) as plugged:
        findings, status = examined(plugged)
        assert status == 1 and "wifi" not in findings
        assert "'telemetry_interval_s' must be" in findings["settings"]["text"]
    pins = {**settings, "setup_pin": 6, "setup_password": "label-1234"}
    board.write_file("/settings.json", json.dumps(pins).encode())
    with Plugged(board) as plugged:
        plugged.wait("taken for a panic")
        findings, status = examined(plugged, "--offline")
        assert status == 1 and "flash is on 6 to 11" in findings["settings"]["text"]
    board.write_file("/settings.json", json.dumps(settings).encode())
    board.write_file("/ca/0.pem", other_ca())
    with Plugged(board) as plugged:
        findings, status = examined(plugged)
        assert status == 1 and findings["tls entry"]["verdict"] == "FAIL" and findings["ca"]["verdict"] == "OK"
        assert "is the CA the one that signed" in findings["tls entry"]["advice"]


OWN_LINK = """
from xyte.agent import Agent
class Link:
    history = None
    step = heard = failed = rssi = lambda *_: None
print("at work")
Agent(link=Link()).run()
"""


def test_doctor_leaves_the_wifi_alone_where_main_brings_a_link(shared_cloud, tmp_path):
    board = make_board(tmp_path / "b", shared_cloud, speed=10.0, settings={"wifi": []}, main=OWN_LINK)
    with Plugged(board) as plugged:
        plugged.wait("at work")
        findings, status = examined(plugged)
        assert status == 0 and not {"wifi", "tls entry"} & set(findings)
        assert findings["link"]["verdict"] == "WARN" and "main.py brings it" in findings["link"]["text"]


def other_ca():
    import certifi

    text = certifi.contents()
    end = "-----END CERTIFICATE-----\n"
    return (text.split(end)[0] + end).encode()


def test_console_status_and_reboot(registered):
    ran = tools("console", "--port", registered.url, typed="status\nnonsense\nreboot\n")
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"^application +the root runs$", ran.stdout, re.MULTILINE)
    assert "nonsense: no such command" in ran.stderr
    assert not any(secret in ran.stdout for secret in SECRETS)


def test_console_updates_the_application(registered, tmp_path):
    (tmp_path / "main.py").write_text(MAIN.replace('"answer"', '"second"') + "print('the second one')\n" + RUN)
    (tmp_path / "app.tar").write_bytes(application("2.0.0", tmp_path / "main.py", tmp_path / "lib"))
    since = len(registered.lines)
    ran = tools("console", "--port", registered.url, "update", tmp_path / "app.tar")
    assert ran.returncode == 0 and "version 2.0.0 runs after the restart" in ran.stdout, ran
    registered.wait("the second one", since)
    status = tools("console", "--port", registered.url, "status").stdout
    assert re.search(r"^application +/slot_a runs; /slot_a 2.0.0$", status, re.MULTILINE)
    (tmp_path / "broken.tar").write_bytes((tmp_path / "app.tar").read_bytes()[:700])
    refused = tools("console", "--port", registered.url, "update", tmp_path / "broken.tar")
    assert refused.returncode == 1 and "broken.tar" in refused.stderr


def test_console_resets_the_identity_only_when_confirmed(shared_cloud, tmp_path):
    board = make_board(tmp_path / "b", shared_cloud, speed=1.0)
    with Plugged(board) as plugged:
        plugged.wait("registered")
        plugged.wait_for(lambda: shared_cloud.devices())
        refused = tools("console", "--port", plugged.url, "reset-identity", typed="no\n")
        assert refused.returncode == 1 and "nothing was changed" in refused.stdout
        unanswered = tools("console", "--port", plugged.url, "reset-identity")
        assert (unanswered.returncode, unanswered.stderr) == (1, "")
        device = re.search(r"Device: (\S+)", refused.stdout)[1]
        done = tools("console", "--port", plugged.url, "reset-identity", typed=device[-4:] + "\n")
        assert done.returncode == 0 and "the identity is gone" in done.stdout, done
        since = len(plugged.lines)
        plugged.wait("already", since)  # the cloud knows it still, as the warning says
    with pytest.raises(FileNotFoundError):
        board.read_file("/identity")


def test_monitor_shows_the_log_and_comes_back_with_the_port(tmp_path, shared_cloud):
    main = "import time\nwhile True:\n    print('tick')\n    time.sleep_ms(20)\n"
    board = make_board(tmp_path / "b", shared_cloud, main=main)
    shown, said, over = [], [], threading.Event()
    plugged = Plugged(board)
    port = plugged.serial.port
    thread = threading.Thread(target=listen.keep_listening, args=(plugged.url, shown.append, said.append, over.is_set))
    with plugged:
        thread.start()
        plugged.wait_for(lambda: "tick" in shown)
    while not said:
        time.sleep(0.01)
    shown.clear()
    again = Plugged(board, serial_port=port)
    with again:
        again.wait_for(lambda: "tick" in shown)
        over.set()
        thread.join()
    assert "waiting for it" in said[0] and "is back" in said[1]


def test_monitor_command(registered, tmp_path):
    ran = tools("monitor", "--port", registered.url, "--for", "2")
    assert ran.returncode == 0
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3}  +\d+\.\d{3} D ", ran.stdout, re.MULTILINE), ran.stdout
    assert tools("monitor", "--port", "/dev/no-such-port").returncode == 1
    refused = tools("monitor", "--port", registered.url, "--log", tmp_path)
    assert refused.returncode == 1 and refused.stderr == f"monitor: [Errno 21] Is a directory: '{tmp_path}'\n"


def test_monitor_ends_when_nobody_reads_it(registered):
    words = [sys.executable, "-m", "tools", "monitor", "--port", registered.url]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as monitor:
        assert monitor.stdout.readline()
        monitor.stdout.close()
        assert monitor.wait(30) == 128 + signal.SIGPIPE
        assert monitor.stderr.read() == ""


def test_ctrl_c_lets_the_board_go_on(registered):
    words = [sys.executable, "-m", "tools", "doctor", "--port", registered.url]
    since = len(registered.lines)
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as doctor:
        while "settings" not in doctor.stdout.readline():
            pass  # the board is busy with certificates, Wi-Fi and TLS next
        doctor.send_signal(signal.SIGINT)
        assert (doctor.wait(30), doctor.stderr.read()) == (128 + signal.SIGINT, "")
    registered.wait("started after", since)
