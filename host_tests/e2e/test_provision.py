"""Provisioning of running boards over their serial ports: many at once, interrupted, repeated, refused; labels."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from rig import firmware

from cable import Cable
from plugged import Plugged
from tools import ROOT
from tools import __main__ as cli
from tools.board.virtual import VirtualBoard
from tools.cloud import defaults
from tools.serial import repl

WIFI_KEY = "virtual-key"
SECRETS = (defaults.HARDWARE_KEY, WIFI_KEY)
LABELS = ("--labels", "labels", "--portal", "cloud.acme.example", "--short-code", "eX")


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    """A folder to work in, with the secrets in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XYTE_HARDWARE_KEY", defaults.HARDWARE_KEY)
    monkeypatch.setenv("XYTE_WIFI_KEY", WIFI_KEY)


@contextlib.contextmanager
def bag_of_boards(number):
    """Boards with a custom image and blank file systems, on their cables, in safe mode for want of a main.py."""
    with contextlib.ExitStack() as stack:
        boards = [stack.enter_context(Plugged(VirtualBoard.create_stock(
            Path(f"board-{n}"), firmware=firmware(), mac=mac(n).replace(":", "")))) for n in range(number)]
        for board in boards:
            board.wait("no settings: write /settings.json")
        yield boards


def mac(number):
    return f"24:a1:60:00:00:{number:02x}"


def provision(ports, *words, rows=1, ca="ISRG Root X1"):
    """Run the command for rows LAB-0, LAB-1, ...; its exit status."""
    if not Path("list.csv").exists():
        Path("list.csv").write_text("sn,name\n" + "".join(f"LAB-{n},Probe {n}\n" for n in range(rows)))
    return cli.main(["provision", "list.csv", "--ports", *ports, "--wifi", "virtual-ap", "--ca", ca, *words])


def logged():
    """How it ended with each board, run by run."""
    assert not Path("list.audit.jsonl.begun").exists()
    return [json.loads(line) for line in Path("list.audit.jsonl").read_text().splitlines()]


def settings(board):
    return json.loads(board.board.read_file("/settings.json"))


def sheet(path):
    """The pages of a PDF: what its QR codes say, and its text."""
    document = pypdfium2.PdfDocument(path)
    codes, text = [], ""
    for page in document:
        codes += [code.text for code in zxingcpp.read_barcodes(page.render(scale=200 / 72).to_pil())]
        text += page.get_textpage().get_text_range()
    return codes, text


def test_eight_boards_at_once_one_port_dies_and_a_second_run_finishes_that_one_only(capsys):
    with bag_of_boards(8) as boards:
        with Cable(boards[5].url, mark=b"isrg-root-x1.der.new") as cable:
            ports = [cable.url if board is boards[5] else board.url for board in boards]
            assert provision(ports, *LABELS, rows=8) == 1
        told = capsys.readouterr().out
        assert "7 done, 0 finished before, 1 not done" in told and "the connection was lost" in told
        first = logged()
        assert sorted(entry["result"] for entry in first) == ["done"] * 7 + ["failed"]
        broken = next(entry for entry in first if entry["result"] == "failed")
        assert broken["mac"] == mac(5) and "the connection was lost" in broken["reason"]
        with pytest.raises(FileNotFoundError):
            settings(boards[5])
        before = {board: settings(board) for board in boards if board is not boards[5]}
        assert {kept["sn"] for kept in before.values()} == {f"LAB-{n}" for n in range(8)} - {broken["sn"]}

        assert provision([board.url for board in boards], *LABELS) == 0
        told += (again := capsys.readouterr().out)
        assert "1 done, 7 finished before, 0 not done" in again and "0 of 8 rows of the list are left" in again
        assert "other settings" not in again
        (last,) = logged()[8:]
        assert (last["result"], last["mac"], last["sn"]) == ("done", mac(5), broken["sn"])
        assert all(settings(board) == kept for board, kept in before.items())
        assert settings(boards[5])["sn"] == broken["sn"]
        for board in boards:  # all are let go, and run with what they were given
            board.wait("wifi: connected to virtual-ap")
        passwords = [settings(board)["setup_password"] for board in boards]

    assert len(set(passwords)) == 8
    codes, text = sheet("labels/sheet-1.pdf")
    assert sorted(codes) == sorted(f"https://cloud.acme.example/c/{entry['cloud_id']}"
                                   for entry in first if entry["result"] == "done")
    assert sum(password in text for password in passwords) == 7
    codes, text = sheet("labels/sheet-2.pdf")
    assert codes == [f"https://cloud.acme.example/c/{last['cloud_id']}"]
    assert passwords[5] in text and last["sn"] in text and last["mac"] in text
    for secret in (*SECRETS, *passwords):
        assert secret not in told and secret not in Path("list.audit.jsonl").read_text()


def test_a_provisioned_board_registers_and_its_label_claims_it(shared_cloud, capsys):
    assert cli.main(["keys", "new", "release"]) == 0
    words = (*LABELS, "--entry", shared_cloud.https, "--set", "telemetry_interval_s=1",
             "--update-key", "keys/release.pub")
    with bag_of_boards(1) as (board,):
        Path("labels/LAB-0.svg").mkdir(parents=True)  # nothing can be written there
        assert provision([board.url], *words, ca=str(shared_cloud.ca)) == 1
        board.wait_for(lambda: [d for d in shared_cloud.devices() if d["sn"] == "LAB-0" and d["state"]], "telemetry")
        Path("labels/LAB-0.svg").rmdir()
        assert provision([board.url], *words, ca=str(shared_cloud.ca)) == 0, "the same command finishes it"

        (code,), text = sheet("labels/sheet-1.pdf")
        assert board.board.read_file("/keys/release.pub") == Path("keys/release.pub").read_bytes()
        assert board.board.read_file("/claim.qr").decode().splitlines()[0] == code
        claimed = shared_cloud.operator.post("devices/claim", json={
            "space_id": defaults.SPACE_ID, "cloud_id": code.rpartition("/")[2]})
        assert claimed.status_code == 200 and claimed.json()["sn"] == "LAB-0"
        assert claimed.json()["name"] == "Probe 0"

        # The log is lost: the board itself says that it is a device already.
        Path("list.audit.jsonl").unlink()
        capsys.readouterr()
        assert provision([board.url], *words, ca=str(shared_cloud.ca)) == 1
        assert "registered already, as LAB-0" in capsys.readouterr().out
        assert logged() == []
        seen = len(board.lines)
        assert provision([board.url], *words, "--set", "log_level=debug", "--even-registered",
                         ca=str(shared_cloud.ca)) == 0
        board.wait("registered as " + claimed.json()["id"], since=seen)
        kept = settings(board)
        assert kept["log_level"] == "debug"
        assert kept["cloud_id"] in code and kept["setup_password"] in text, "the printed label still holds"


def test_a_mistyped_password_is_put_right(monkeypatch, capsys):
    with bag_of_boards(1) as (board,):
        monkeypatch.setenv("XYTE_WIFI_KEY", "virtual-kee")
        assert provision([board.url]) == 0
        board.wait("virtual-ap: wrong password")
        monkeypatch.setenv("XYTE_WIFI_KEY", WIFI_KEY)
        capsys.readouterr()
        assert provision([board.url]) == 0
        assert "with other settings than these: --even-registered writes them" in capsys.readouterr().out
        assert provision([board.url], "--even-registered") == 0
        board.wait("connected to virtual-ap")


def test_labels_again_from_the_log_and_from_the_board():
    with bag_of_boards(1) as (board,):
        assert provision([board.url], *LABELS) == 0
        first = Path("labels/LAB-0.svg").read_text()
        again = ("labels", "--portal", "cloud.acme.example", "--out", "again")
        assert cli.main([*again, "--ports", board.url]) == 0
        assert Path("again/LAB-0.svg").read_text() == first
        Path("again/LAB-0.svg").unlink()
        assert cli.main([*again, "--log", "list.audit.jsonl", "--sn", "LAB-0"]) == 0
        without = Path("again/LAB-0.svg").read_text()
        assert settings(board)["setup_password"] not in without and "LAB-0" in without
        assert cli.main([*again, "--log", "list.audit.jsonl", "--sn", "LAB-7"]) == 1
    assert Path("again/LAB-0.svg").stat().st_mode & 0o077 == 0


def test_settings_that_the_agent_would_not_take_are_a_failure(capsys):
    with bag_of_boards(1) as (board,):
        assert provision([board.url], "--set", "telemetry_interval_s=0") == 1
        assert "LAB-0: the board says: SettingsError: 'telemetry_interval_s' must be" in capsys.readouterr().out
        assert [entry["result"] for entry in logged()] == ["failed"]
        with repl.connect(board.url) as console:
            console.write("/settings.json", b'"no object"')
            console.write("/claim.qr", b"https://cloud.acme.example/c/of-an-earlier-order\n1\n")
        assert provision([board.url]) == 0
        with pytest.raises(FileNotFoundError):
            board.board.read_file("/claim.qr")
        before = settings(board)
        assert provision([board.url], "--even-registered", "--set", "telemetry_interval_s=0") == 1
        assert provision([board.url], "--even-registered", "--set", "setup_pin=11") == 1
        assert "LAB-0: 'setup_pin' 11: this chip's flash is on 6 to 11" in capsys.readouterr().out
        assert settings(board) == before and before["sn"] == "LAB-0", "a board at work keeps what it works with"


def test_flash_that_does_not_keep_is_noticed(monkeypatch, capsys):
    write = repl.Repl.write
    monkeypatch.setattr(repl.Repl, "write", lambda self, path, data: write(self, path, data[:-1] + b"?"))
    with bag_of_boards(1) as (board,):
        assert provision([board.url]) == 1
        with pytest.raises(FileNotFoundError):
            settings(board)
    assert "/ca/isrg-root-x1.der reads back otherwise" in capsys.readouterr().out
    assert "/ca/isrg-root-x1.der reads back otherwise" in logged()[-1]["reason"]


def test_a_surprise_is_the_boards_failure_and_the_log_has_it(monkeypatch, capsys):
    monkeypatch.setattr(repl.Repl, "write", lambda self, path, data: {}[path])
    with bag_of_boards(1) as (board,):
        assert provision([board.url]) == 1
    assert "NOT DONE: LAB-0: KeyError: " in capsys.readouterr().out and "KeyError" in logged()[-1]["reason"]


@pytest.mark.parametrize("status", [128 + signal.SIGPIPE, 128 + signal.SIGINT])
def test_boards_are_finished_though_nobody_reads_or_wants_it_any_more(status):
    Path("list.csv").write_text("sn\nLAB-0\nLAB-1\n")
    words = [sys.executable, "-m", "tools", "provision", "list.csv", "--ca", "ISRG Root X1", *LABELS, "--ports"]
    with bag_of_boards(2) as boards, subprocess.Popen([*words, *[board.url for board in boards]], text=True,
                                                      env=os.environ | {"PYTHONPATH": str(ROOT)},
                                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout.readline()
        if status == 128 + signal.SIGINT:
            run.send_signal(signal.SIGINT)
            assert any("finishing the boards at work" in text for text in run.stdout)
            run.send_signal(signal.SIGINT)
            run.stdout.read()
        run.stdout.close()
        assert (run.wait(60), run.stderr.read()) == (status, "")
    assert [entry["result"] for entry in logged()] == ["done", "done"]
    assert len(sheet("labels/sheet-1.pdf")[0]) == 2


def test_a_board_without_agent_is_sent_to_deploy(capsys):
    with Plugged(VirtualBoard.create_stock(Path("stock"))) as board:
        board.wait("MicroPython v")
        assert provision([board.url]) == 1
    assert "no agent on this board: `python -m tools deploy`" in capsys.readouterr().out


def test_a_board_whose_heap_is_full_of_the_running_agent():
    """The agent as files and running: the heap has to be cleared before there is room for questions."""
    board = VirtualBoard.create(Path("board"), entry_url="http://127.0.0.1:9", hardware_key="another-key", sn="OLD",
                                agent="files")
    with Plugged(board) as plugged:
        plugged.wait("wifi: connected")
        assert provision([plugged.url]) == 1, "it may have a label"
        assert provision([plugged.url], "--relabel") == 0
        assert settings(plugged)["sn"] == "LAB-0"


@pytest.mark.parametrize("mark", [b"settings.json.new", b"hashes([", b"move(["])
def test_wherever_the_cable_is_pulled_a_second_run_ends_it(mark):
    with bag_of_boards(1) as (board,):
        with Cable(board.url, mark) as cable:
            assert provision([cable.url], *LABELS) == 1
        try:
            begun = settings(board)
        except FileNotFoundError:
            begun = {}
        assert provision([board.url], *LABELS) == 0
        assert settings(board) == settings(board) | begun, "what may have been sent or printed stays"
        assert logged()[-1]["result"] == "done"


def test_ports_with_nothing_or_something_else_behind_them(monkeypatch, capsys):
    monkeypatch.setattr(repl, "_ATTEMPTS", 1)
    monkeypatch.setattr(repl, "_ATTEMPT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"socket://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        ports = [f"socket://127.0.0.1:{silent.getsockname()[1]}", nobody, "/dev/not-there", "nonsense://x"]
        assert provision(ports) == 1
    told = capsys.readouterr().out
    assert "NOT DONE: no answer. Is this the board's port" in told
    assert len(re.findall(r"^  \S+: NOT DONE: cannot be opened", told, re.MULTILINE)) == 3
