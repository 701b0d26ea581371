"""`tools deploy` onto virtual boards with stock firmware, over their serial ports."""

import contextlib
import errno
import json
import os
import re
import shutil
import threading

import pytest
import serial

from command_line import tools
from plugged import Plugged
from tools import ROOT, build
from tools.board import layout, otadata
from tools.board.flash import Flash
from tools.board.nvs.storage import Storage
from tools.board.virtual import VirtualBoard
from tools.serial import deploy, listen
from tools.serial import repl as raw
from tools.serial.port import PortError, open_port, reason
from tools.serial.repl import BoardError, Repl, connect

SETTINGS = json.dumps({"entry_url": "http://127.0.0.1:1", "development_hosts": ["127.0.0.1"], "hardware_key": "hk-1",
                       "sn": "1", "wifi": [{"ssid": "virtual-ap", "key": "virtual-key"}]}).encode()


def bring(repl, files):
    """What the command does, with any files. Returns the plan that was carried out."""
    plan = deploy.make_plan(repl, files)
    deploy.carry_out(repl, plan, files, repl.call("files", "about")["free"], lambda text: None)
    return plan


def test_agent_and_application_reach_a_stock_board_and_run(board):
    """The whole command, on a board that runs what an update brought. Its watchdog of 60 s would bite after 3."""
    board.write_file("/settings.json", SETTINGS)
    board.write_file("/boot.py", (ROOT / "boot.py").read_bytes())
    board.write_file("/slot_a/main.py", b"import machine, time\nprint('slot a')\ndog = machine.WDT(timeout=60000)\n"
                     b"while True:\n    dog.feed()\n    time.sleep_ms(10)\n")
    write_nvs(board, slot=1)  # as an update of the application leaves it
    with Plugged(board, speed=20.0) as plugged:
        plugged.wait("slot a")
        first = tools("deploy", "--port", plugged.url, "--for", "1", "--no-color")
        assert first.returncode == 0, first.stderr
        count = len(build.agent_files()) + 1
        assert f"{count - 1} files to write, 0 to remove, 1 as they should be" in first.stdout
        assert "it runs the files in the root again" in first.stdout
        assert re.search(r"^ +\d+\.\d{3} I agent: version 1.0.0, started after HARD_RESET$", first.stdout, re.MULTILINE)
        assert "hk-1" not in first.stdout
        plugged.wait("no connection to 127.0.0.1")  # the agent is in its loop
        since = len(plugged.lines)
        again = tools("deploy", "--port", plugged.url, "--no-follow")
        assert again.returncode == 0, again.stderr
        assert f"0 files to write, 0 to remove, {count} as they should be" in again.stdout
        plugged.wait("stopped from the console; the watchdog waits a day", since)
        plugged.wait("started after HARD_RESET", since)
        assert not any("watchdog ---" in line for line in plugged.lines)
    assert board.read_file("/settings.json") == SETTINGS
    assert board.read_file("/main.py") == (ROOT / "main.py").read_bytes()
    assert board.read_file("/boot.py") == (ROOT / "boot.py").read_bytes()


def test_only_what_changed_is_written_and_only_what_was_deployed_is_removed(board):
    board.write_file("/settings.json", SETTINGS)
    board.write_file("/lib/own.py", b"x = 1")
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        bring(repl, {"/lib/a/one.mpy": b"M\6\0\x1f1", "/lib/b/two.mpy": b"M\6\0\x1f2", "/main.py": b"print(1)"})
        repl.write("/.deployed", repl.read("/.deployed") + b"\n/settings.json\n/identity\n/lib/../settings.json")
        files = {"/lib/a/one.mpy": b"M\6\0\x1f1", "/lib/c.mpy": b"", "/main.py": b"print(2)"}
        plan = bring(repl, files)
        assert list(plan.write) == ["/lib/c.mpy", "/main.py"] and plan.remove == ["/lib/b/two.mpy"] and plan.same == 1
        assert deploy.make_plan(repl, files).nothing
        assert repl.call("files", "hashes", ["/lib/b/two.mpy"]) == {"/lib/b/two.mpy": None}
        assert sorted(repl.run("import os; print(*os.listdir('/lib'))").split()) == ["a", "c.mpy", "own.py"]
        assert sorted(repl.run("print(*os.listdir('/'))").split()) == [
            ".deployed", "boot.py", "lib", "main.py", "settings.json"]
    assert board.read_file("/settings.json") == SETTINGS and board.read_file("/lib/own.py") == b"x = 1"


@pytest.mark.parametrize("step", ["write", "move"])
def test_a_cable_pulled_half_way_leaves_a_board_that_deploys_again(board, step, monkeypatch):
    """The connection ends at each kind of step; until files are moved, the old application is whole."""
    old = {"/lib/a.mpy": b"M\6\0\x1fold", "/lib/gone.mpy": b"M\6\0\x1f", "/main.py": b"print('old')"}
    new = {"/lib/a.mpy": b"M\6\0\x1fnew", "/lib/b.mpy": b"M\6\0\x1f" * 300, "/main.py": b"print('new')"}
    with Plugged(board) as plugged:
        with connect(plugged.url) as repl:
            bring(repl, old)
        with connect(plugged.url) as repl:
            plan = deploy.make_plan(repl, new)
            pull_cable_at(step, monkeypatch)
            with pytest.raises(PortError, match="connection was lost"):
                deploy.carry_out(repl, plan, new, 600000, lambda text: None)
            monkeypatch.undo()
        with connect(plugged.url) as repl:
            if step == "write":
                assert {path for path, sha in repl.call("files", "hashes", list(old)).items() if sha} == set(old)
                assert deploy.make_plan(repl, old).nothing
            bring(repl, new)
            assert deploy.make_plan(repl, new).nothing
            assert repl.run("import os; print(sorted(os.listdir('/lib')))") == "['a.mpy', 'b.mpy']\n"


def pull_cable_at(step, monkeypatch):
    """Close the port under the next step of this kind."""
    real_write, real_call = Repl.write, Repl.call

    def pull(repl, *_, **__):
        repl.serial.close()
        return (real_write if step == "write" else real_call)(repl, *_, **__)

    if step == "write":
        monkeypatch.setattr(Repl, "write", lambda repl, path, data: (
            pull if path.endswith("/1") else real_write)(repl, path, data))
    else:
        monkeypatch.setattr(Repl, "call", lambda repl, script, name, *rest, **more: (
            pull if name == step else real_call)(repl, script, name, *rest, **more))


def test_a_damaged_write_is_noticed(board, monkeypatch):
    real = Repl.write
    monkeypatch.setattr(Repl, "write", lambda repl, path, data: real(repl, path, data[:-1] + b"?"))
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        with pytest.raises(BoardError, match="not what was written"):
            bring(repl, {"/main.py": b"print(1)"})
        assert repl.call("files", "hashes", ["/main.py"]) == {"/main.py": None}


def write_nvs(board, **values):
    flash = Flash(board.folder / "flash.bin")
    nvs = layout.find(layout.LAYOUT_4MIB_OTA, "nvs")
    store = Storage(flash, nvs.address, nvs.size)
    for key, value in values.items():
        store.set_i32(store.open("xyte"), key, value)
    flash.close()


def test_a_board_with_the_agent_in_its_firmware_gets_the_application_only(tmp_path):
    (tmp_path / "app" / "lib").mkdir(parents=True)
    (tmp_path / "app" / "main.py").write_text("import probe\nprint('probe', probe.X)\n")
    (tmp_path / "app" / "lib" / "probe.py").write_text("X = 5\n")
    (tmp_path / "app" / "beside.py").write_text("X = 5\n")
    board = VirtualBoard.create(tmp_path / "b", entry_url="http://127.0.0.1:1", hardware_key="k", sn="1", main=b"")
    with Plugged(board) as plugged:
        done = tools("deploy", "--port", plugged.url, "--app", tmp_path / "app", "--no-follow")
        assert done.returncode == 0, done.stderr
        assert "note: not deployed, for modules belong into lib/: beside.py\n" in done.stdout
        assert "2 files to write" in done.stdout and "brings the agent" in done.stdout
        plugged.wait("probe 5")


def test_a_slot_with_an_agent_of_its_own_takes_nothing_from_the_root(board):
    """The slot runs, as an update `build app --with-agent` leaves it; the agent that counts is the root's."""
    files = deploy.wanted()
    for path, data in files.items():
        board.write_file(path, data)
        if path != "/boot.py":
            board.write_file(f"/slot_a{path}", data if path != "/main.py" else b"import xyte\nprint(xyte.__file__)\n")
    board.write_file(deploy.MANIFEST, "\n".join(sorted(files)).encode())
    write_nvs(board, slot=1)
    with Plugged(board) as plugged:
        plugged.wait("/slot_a/lib/xyte/__init__.mpy")
        done = tools("deploy", "--port", plugged.url, "--no-follow")
    assert f"0 files to write, 0 to remove, {len(files)} as they should be" in done.stdout, done
    assert board.read_file("/boot.py") == files["/boot.py"]


def test_an_agent_in_the_root_is_none_of_the_firmwares(board):
    board.write_file("/xyte/__init__.py", b"VERSION = '1.0.0'\n")
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        assert repl.call("files", "about")["agent"] is None


def test_power_that_fails_in_the_move_of_a_first_deployment(board):
    """Without its __init__ the agent's folder is a package nevertheless, with nothing in it."""
    board.write_file("/lib/xyte/agent.mpy", b"M\6\0\x1f")
    with Plugged(board) as plugged:
        with connect(plugged.url) as repl:
            assert repl.call("files", "about")["agent"] is None and repl.call("state", "agent") is None
        done = tools("deploy", "--port", plugged.url, "--no-follow")
    assert done.returncode == 0, done


def test_the_package_itself_is_moved_first(board, monkeypatch):
    files = {"/lib/a.mpy": b"M\6\0\x1f", "/lib/xyte/__init__.mpy": b"M\6\0\x1f", "/main.py": b""}
    moved, real = [], Repl.call
    monkeypatch.setattr(Repl, "call", lambda repl, script, name, *rest, **more: (
        moved.append(rest[0][0][1]) if name == "move" else None, real(repl, script, name, *rest, **more))[1])
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        bring(repl, files)
    assert moved == ["/.deployed", "/lib/xyte/__init__.mpy", "/.deployed"]


def test_what_an_interrupted_deployment_left_is_room_for_the_next(board):
    board.write_file("/.deploy/0", bytes(560000))
    with Plugged(board) as plugged:
        done = tools("deploy", "--port", plugged.url, "--no-follow")
    assert done.returncode == 0, done


def test_a_board_in_a_crash_loop_is_caught(board, monkeypatch):
    monkeypatch.setattr("tools.serial.repl._ATTEMPT_S", 1)
    board.write_file("/main.py", b"import machine, time\ntime.sleep_ms(400)\nmachine.reset()\n")
    with Plugged(board) as plugged:
        plugged.wait("boot 3")
        with connect(plugged.url) as repl:
            bring(repl, {"/main.py": b"print('stays up')"})
            repl.restart()
        plugged.wait("stays up")


def test_a_restart_from_the_host_is_no_failed_start(board):
    board.write_file("/main.py", b"print('in main')\n")
    board.write_file("/boot.py", (ROOT / "boot.py").read_bytes())
    write_nvs(board, boots=5)
    with Plugged(board) as plugged:
        plugged.wait("boot: safe mode: 6 boots without health")
        with connect(plugged.url) as repl:
            repl.restart()
        plugged.wait("in main")


def test_a_restart_from_the_host_ends_no_trial_of_an_application(board):
    board.write_file("/main.py", b"print('in root')\n")
    board.write_file("/slot_a/main.py", b"print('on trial')\n")
    board.write_file("/boot.py", (ROOT / "boot.py").read_bytes())
    write_nvs(board, trial=1)
    with Plugged(board) as plugged:
        plugged.wait("on trial")
        since = len(plugged.lines)
        with connect(plugged.url) as repl:
            repl.restart()
        plugged.wait("on trial", since)
    assert "in root" not in plugged.lines


def test_a_restart_from_the_host_ends_no_trial_of_firmware(board):
    board.write_file("/main.py", b"import esp32\nprint('from', esp32.Partition(esp32.Partition.RUNNING).info()[4])\n")
    flash = Flash(board.folder / "flash.bin")
    flash.program(0x190000, flash.read(0x10000, 0x10000))
    otadata.write(flash, 0xD000, 1, otadata.fresh(2, otadata.NEW))
    flash.close()
    with Plugged(board) as plugged:
        plugged.wait("from ota_1")
        since = len(plugged.lines)
        with connect(plugged.url) as repl:
            assert tuple(repl.call("state", "records")[1]) == (2, otadata.PENDING_VERIFY)
            repl.restart()
        plugged.wait("from ota_1", since)
        plugged.wait("SOFT_RESET", since)


@pytest.mark.parametrize(("about", "files", "reason"), [
    ({"version": (1, 22, 0), "mpy": 0x206}, {}, "runs MicroPython 1.22.0, the agent needs 1.23"),
    ({"version": (1, 30, 0), "mpy": 0x307}, {"/lib/x.mpy": b"M\6\0\x1f"}, "reads .mpy files of format 7"),
    ({"version": (1, 25, 0), "mpy": 0x306 | 11 << 10}, {"/lib/x.mpy": b"M\6\x2b\x1f"}, "native code for xtensawin"),
])
def test_firmware_that_cannot_run_it(about, files, reason):
    with pytest.raises(BoardError, match=reason):
        deploy.check(about, files)


def test_firmware_that_can():
    deploy.check({"version": (1, 25, 0), "mpy": 0x306 | 10 << 10}, {"/a.mpy": b"M\6\0\x1f", "/b.mpy": b"M\6\x2b\x1f"})


def test_what_would_run_in_place_of_the_deployed_is_named(board):
    for path in ("/lib/xyte/agent.py", "/xyte/__init__.py", "/probe.py"):
        board.write_file(path, b"")
    files = {"/lib/xyte/agent.mpy": b"", "/lib/xyte/log.mpy": b"", "/lib/probe.mpy": b"", "/main.py": b""}
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        with pytest.raises(BoardError, match=r"on the board, /lib/xyte/agent.py, /probe.py, /xyte would run in place"):
            deploy.check_hidden(repl, files)
        deploy.check_hidden(repl, {"/lib/other.mpy": b"", "/main.py": b""})


def test_too_much_for_the_board(board):
    with Plugged(board) as plugged, connect(plugged.url) as repl, pytest.raises(BoardError, match="do not fit"):
        deploy.carry_out(repl, deploy.Plan({"/main.py": bytes(700000)}, [], 0), {}, 651264, lambda text: None)


def test_a_port_that_cannot_be_opened(tmp_path):
    failed = tools("deploy", "--port", "/dev/no-such-port")
    assert failed.returncode == 1 and "cannot be opened: No such file or directory\n" in failed.stderr, failed.stderr


@pytest.mark.parametrize(("port", "reason"), [
    ("/dev/no-such-port", "No such file or directory"), ("/dev/null", "this is no serial port"),
    ("/dev", "Is a directory"),
    ("socket://127.0.0.1:1", "Connection refused"), ("rfc2217://127.0.0.1:1", "Connection refused"),
    ("socket://localhost", "the URL needs a port number, as in socket://host:7001"),
    ("socket://localhost:70000", "the URL needs a port number, as in socket://host:7001"),
    ("rfc2217://localhost:70000", "the URL needs a port number, as in socket://host:7001"),
    ("nonsense://x", "invalid URL, protocol 'nonsense' not known"),
])
def test_why_a_port_cannot_be_opened(port, reason):
    with pytest.raises(PortError) as told:
        open_port(port)
    assert str(told.value).splitlines()[0] == f"{port} cannot be opened: {reason}"


@pytest.mark.parametrize("text", [
    "Remote does not seem to support RFC2217 or BINARY mode [we-BINARY:False(INACTIVE), we-RFC2217:False(REQUESTED)]",
    "Remote does not accept parameter change (RFC2217): dict_values([baudrate:REQUESTED, datasize:REQUESTED])",
])
def test_what_answers_does_not_speak_rfc_2217(text):
    assert reason(serial.SerialException(text)).startswith("what answers there does not speak RFC 2217")


@pytest.mark.parametrize(("number", "told"), [
    (errno.ENOENT, "No such file or directory"), (errno.EAGAIN, "another program has it open"),
    (errno.EBUSY, "another program has it open"), (errno.EACCES, "permission denied (Linux"),
])
def test_the_reason_is_not_taken_from_the_name_of_the_port(number, told):
    failure = OSError(number, os.strerror(number), "/dev/busy-lock")
    assert reason(serial.SerialException(number, f"could not open port /dev/busy-lock: {failure}")).startswith(told)


def test_a_port_that_goes_with_the_reset_is_waited_for(monkeypatch):
    """As the USB of the chip itself does."""
    class Link:
        in_waiting, closed = 0, False

        def __init__(self, *heard):
            self.heard = list(heard)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.closed = True

        def read(self, _):
            if not self.heard:
                raise serial.SerialException("gone")
            return self.heard.pop(0)

    first, second, lines = Link(), Link(b"back\r\n"), []
    ports = [PortError("not there yet"), second]

    def opened(_):
        assert first.closed
        if isinstance(found := ports.pop(0), PortError):
            raise found
        return found

    monkeypatch.setattr(listen, "open_port", opened)
    monkeypatch.setattr(listen, "_AGAIN_S", 0)
    listen.keep_listening("P", lines.append, lambda text: None, lambda: bool(lines), first)
    assert lines == ["back"]


def test_noise_is_shown_and_harmless():
    """Control codes would reach the terminal, and a line that does not end be kept for ever."""
    heard, lines = [b"\xff\x1b]0;a\x07\x9b2J\x00\ttext \x1b[0;32mI\r\nnext", b"x" * 2000, b"y"], []

    class Link(contextlib.nullcontext):
        in_waiting = 0

        def read(self, size):
            return heard.pop(0)

    listen.follow(Link(), lines.append, lambda: not heard)
    assert lines == ["\ufffd\ufffd]0;a\ufffd\ufffd2J\ufffd\ttext \x1b[0;32mI", "next" + "x" * 2000, "y"]


def test_a_board_that_nothing_is_deployed_to_runs_on(board, tmp_path):
    board.write_file("/main.py", b"print('at work')\n")
    with Plugged(board) as plugged:
        plugged.wait("at work")
        since = len(plugged.lines)
        failed = tools("deploy", "--port", plugged.url, "--app", tmp_path / "none")
        assert failed.returncode == 1 and "main.py: No such file" in failed.stderr
        plugged.wait("at work", since)


@pytest.mark.parametrize(("answer", "reason"), [
    (b"", "no answer. Is this the board's port"),
    (b"HTTP/1.1 400 Bad Request\r\n", "no MicroPython prompt. What came instead: .* Is this the board's port"),
])
def test_a_port_where_something_else_listens(answer, reason, monkeypatch):
    monkeypatch.setattr("tools.serial.repl._ATTEMPT_S", 0.3)
    monkeypatch.setattr("tools.serial.repl._PRESSES", 2)
    monkeypatch.setattr("tools.serial.repl._READ_S", 0.1)
    with other_program(answer) as port, pytest.raises(PortError, match=reason), connect(f"socket://127.0.0.1:{port}"):
        pass


@pytest.mark.parametrize(("heard", "hint"), [
    (b"\r\x03\r\x01", "what was sent, and comes back"),
    (bytes(range(128, 256)), "no text: is this the board's port"),
    (b"ets Jun  8 2016 00:22:57\r\n\r\nrst:0x10 (RTCWDT_RTC_RESET)\r\ninvalid header: 0xffffffff", "no firmware on it"),
    (b"rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT)\r\nwaiting for download\r\n", "waits to be flashed"),
    (b"\r\nrst:0xc (SW_CPU_RESET)\r\n", "It keeps resetting"),
    (b"\r\n>>> ", "no raw mode, or bytes get lost"),
])
def test_what_may_help_where_no_prompt_comes(heard, hint):
    assert hint in raw._no_prompt("P", heard)


class other_program:
    """Listens on a port and gives one answer, whatever it is asked."""

    def __init__(self, answer):
        import socket

        self._answer, self._socket = answer, socket.create_server(("127.0.0.1", 0))

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self._socket.getsockname()[1]

    def __exit__(self, *_):
        self._socket.close()

    def _serve(self):
        links = []
        with contextlib.suppress(OSError):
            while True:
                links.append(self._socket.accept()[0])
                while links[-1].recv(100):
                    links[-1].sendall(self._answer)


def test_main_that_does_not_compile_never_reaches_the_board(tmp_path):
    (tmp_path / "main.py").write_text("def :\n")
    with pytest.raises(build.BuildError, match="main.py"):
        deploy.wanted(tmp_path)
    (tmp_path / "main.py").write_text("match 1:\n    case 1:\n        pass\n")
    with pytest.raises(build.BuildError, match="main.py"):
        deploy.wanted(tmp_path)
    shutil.rmtree(tmp_path)
    with pytest.raises(build.BuildError, match="No such file"):
        deploy.wanted(tmp_path)


