"""The board's serial port, by mpremote and by bare bytes: prompt, raw modes, Ctrl-C, resets, control lines."""

import re
import signal
import socket
import subprocess
import sys
import time

import pytest
import serial
from board_lab import firmware, make_board

from plugged import Plugged
from tools import ROOT
from tools.board.serial_port import SerialPort
from tools.board.virtual import VirtualBoard

BUSY = "import time\nprint('busy')\nwhile True:\n    time.sleep_ms(5)"
NVS_BUSY = "import esp32\nn = esp32.NVS('x')\nprint('busy')\nwhile True:\n    n.set_blob('k', b'x' * 600)\n" \
           "    n.set_blob('k', b'y' * 600)\n"


def mpremote(url, *words):
    return subprocess.run([sys.executable, "-m", "mpremote", "connect", url, *map(str, words)], cwd=ROOT,
                          capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def open_port(url):
    return serial.serial_for_url(url, timeout=5)


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """A running stock board."""
    with Plugged(VirtualBoard.create_stock(tmp_path_factory.mktemp("stock") / "b")) as plugged:
        plugged.wait("MicroPython v")
        yield plugged


@pytest.fixture
def port(stock):
    """Its serial port, at a fresh prompt."""
    with open_port(stock.url) as port:
        port.write(b"\r\x03\x02")
        port.read_until(b"information.\r\n>>> ")
        yield port


def test_mpremote_runs_code_and_shows_exceptions(stock):
    assert mpremote(stock.url, "exec", "print(6 * 7)").stdout == "42\n"
    failed = mpremote(stock.url, "exec", "def f():\n    1 / 0\nf()")
    assert failed.returncode == 1
    assert failed.stdout == ('Traceback (most recent call last):\n  File "<stdin>", line 3, in <module>\n'
                             '  File "<stdin>", line 2, in f\nZeroDivisionError: divide by zero\n')


def test_mpremote_files(stock, tmp_path):
    data = bytes(range(256)) * 4
    (tmp_path / "data").write_bytes(data)
    assert mpremote(stock.url, "fs", "mkdir", ":d").returncode == 0
    assert mpremote(stock.url, "fs", "cp", tmp_path / "data", ":d/data").returncode == 0
    assert re.search(r" 1024 data$", mpremote(stock.url, "fs", "ls", ":d").stdout, re.MULTILINE)
    summed = subprocess.run(["sha256sum", tmp_path / "data"], capture_output=True, text=True, check=True).stdout
    assert summed.split()[0] in mpremote(stock.url, "fs", "sha256sum", ":d/data").stdout
    assert mpremote(stock.url, "fs", "cp", ":d/data", tmp_path / "back").returncode == 0
    assert (tmp_path / "back").read_bytes() == data
    assert mpremote(stock.url, "fs", "rm", "-r", ":d").returncode == 0
    assert mpremote(stock.url, "fs", "ls").stdout.split() == ["ls", ":", "75", "boot.py"]


def test_mpremote_mounts_a_folder_of_the_host(stock, tmp_path):
    (tmp_path / "guest.py").write_text("X = 7\n")
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    code = ("import guest\nprint(guest.X, open('bytes', 'rb').read() == bytes(range(256)))\n"
            "with open('out', 'wb') as f: f.write(bytes(range(256)))")
    mounted = mpremote(stock.url, "mount", tmp_path, "exec", code)
    assert mounted.stdout.endswith("7 True\n"), mounted
    assert (tmp_path / "out").read_bytes() == bytes(range(256))


def test_mpremote_resets(stock):
    since = len(stock.lines)
    assert mpremote(stock.url, "reset").returncode == 0
    stock.wait("HARD_RESET", since)
    stock.wait("MicroPython v", since)
    assert mpremote(stock.url, "soft-reset", "exec", "import machine; print(machine.reset_cause())").stdout == "5\n"


def test_prompt_echoes_and_continues_blocks(port):
    port.write(b"6 * 8x\x7f\rfor i in range(2):\r  print(i)\r\r")
    assert port.read_until(b"\r\n1\r\n>>> ") == (
        b"6 * 8x\x08 \x08\r\n48\r\n>>> for i in range(2):\r\n...   print(i)\r\n... \r\n0\r\n1\r\n>>> ")
    port.write(b"(1,\r2)\r")
    assert port.read_until(b"(1, 2)\r\n>>> ") == b"(1,\r\n... 2)\r\n(1, 2)\r\n>>> "


def test_prompt_takes_cr_lf_and_lets_arrows_pass(port):
    port.write(b"for i in range(2):\r\n  print(i)\r\n\r\n\x1b[A7\x1b[3~\x1bOA\r\n")
    assert port.read_until(b"7\r\n>>> ").endswith(b"...   print(i)\r\n... \r\n0\r\n1\r\n>>> 7\r\n7\r\n>>> ")


def test_paste_mode(port):
    port.write(b"\x05if 1:\r    print('pasted')\r\x04")
    assert port.read_until(b">>> ").endswith(b"\r\npasted\r\n>>> ")
    port.write(b"\x05print('not')\x03")
    assert b"not\r\n" not in port.read_until(b">>> ")


def test_raw_mode_byte_by_byte(port):
    port.write(b"\x01")
    assert port.read_until(b">") == b"\r\nraw REPL; CTRL-B to exit\r\n>"
    port.write(b"print('a\\nb')\x04")
    assert port.read_until(b"\x04>") == b"OKa\r\nb\r\n\x04\x04>"
    port.write(b"nonsense\x03print(1)\x04")
    assert port.read_until(b"\x04>") == b"OK1\r\n\x04\x04>"
    port.write(b"1/0\x04")
    assert port.read_until(b"\x04>") == (b'OK\x04Traceback (most recent call last):\r\n  File "<stdin>", line 1, in '
                                        b'<module>\r\nZeroDivisionError: divide by zero\r\n\x04>')
    port.write(b"def\x04")
    assert port.read_until(b"\x04>").endswith(b"SyntaxError: invalid syntax\r\n\x04>")
    port.write(b"\x01")
    assert port.read_until(b">") == b"raw REPL; CTRL-B to exit\r\n>"
    port.write(b"\x02")
    assert port.read_until(b">>> ").startswith(b"\r\nMicroPython v")


def test_raw_paste_keeps_to_its_window(port):
    port.write(b"\x01\x05A\x01")
    port.read_until(b"\r\n>")
    assert port.read(5) == b"R\x01\x80\x00\x01"
    port.write(b"#" * 127)
    port.timeout = 0.1
    assert port.read(1) == b""
    port.write(b"\n")
    assert port.read(1) == b"\x01"
    port.timeout = 5
    port.write(b"print(3)\x04")
    assert port.read_until(b"\x04>") == b"\x043\r\n\x04\x04>"
    port.write(b"\x05B\x01")
    assert port.read(3) == b"R\x00>"


def test_ctrl_c_stops_a_program_that_was_sent(port):
    port.write(b"\x01import time\nprint('in it')\nwhile 1: time.sleep(1)\x04")
    port.read_until(b"in it\r\n")
    port.write(b"\x03\x03")
    assert port.read_until(b"\x04>").endswith(b"KeyboardInterrupt: \r\n\x04>")


def test_ctrl_d_is_a_soft_reset_that_skips_main_in_raw_mode(tmp_path):
    board = make_board(tmp_path / "b", boot="print('boot')", main="print('main')")
    with Plugged(board) as plugged, open_port(plugged.url) as port:
        plugged.wait("MicroPython v")
        port.write(b"\x03")
        port.read_until(b">>> \r\n>>> ")
        port.write(b"\x04")
        assert port.read_until(b"main\r\n").endswith(b"\r\nMPY: soft reboot\r\nboot\r\nmain\r\n")
        port.write(b"\x01\x04")
        assert port.read_until(b"exit\r\n>").endswith(b">>> \r\nraw REPL; CTRL-B to exit\r\n>")
        assert port.read_until(b"exit\r\n>") == b"OK\r\nMPY: soft reboot\r\nboot\r\nraw REPL; CTRL-B to exit\r\n>"
    assert "main" not in plugged.lines[plugged.lines.index("raw REPL; CTRL-B to exit"):]


def test_ctrl_c_interrupts_main_and_the_board_can_be_reset(tmp_path):
    with Plugged(make_board(tmp_path / "b", main=BUSY)) as plugged:
        plugged.wait("busy")
        assert mpremote(plugged.url, "exec", "print(1)").stdout == "1\n"
        plugged.wait("KeyboardInterrupt: ")
        since = len(plugged.lines)
        assert mpremote(plugged.url, "reset").returncode == 0
        plugged.wait("busy", since)


def test_commands_of_mpremote_are_no_failed_starts(tmp_path):
    """Each begins with a soft reset, which our boot.py sees."""
    board = make_board(tmp_path / "b", boot=(ROOT / "boot.py").read_text(), main=BUSY)
    with Plugged(board) as plugged:
        plugged.wait("busy")
        for _ in range(6):
            assert mpremote(plugged.url, "fs", "ls").returncode == 0
        since = len(plugged.lines)
        assert mpremote(plugged.url, "reset").returncode == 0
        plugged.wait("busy", since)


def test_ctrl_c_never_tears_a_flash_request(tmp_path):
    """Many of them, at different moments of a program that does nothing but write to flash."""
    with Plugged(make_board(tmp_path / "b", main=NVS_BUSY)) as plugged, open_port(plugged.url) as port:
        plugged.wait("busy")
        again = b"\x01" + NVS_BUSY.encode() + b"\x04"
        for i in range(15):
            port.write(b"\x03")
            port.read_until(b"KeyboardInterrupt: \r\n")
            port.write(again if i == 0 else again[1:])
            assert port.read_until(b"busy\r\n").endswith(b"busy\r\n"), plugged.lines[-20:]
            time.sleep(0.001 * i)
        assert sum(line.startswith("--- boot") for line in plugged.lines) == 1


def test_a_program_may_turn_ctrl_c_off(port):
    port.write(b"\x01import micropython, sys\nmicropython.kbd_intr(-1)\nb = sys.stdin.buffer.read(3)\n"
               b"sys.stdout.buffer.write(b'\\n' + b)\nsys.stdin.buffer.read(1)\nmicropython.kbd_intr(3)\x04")
    port.read_until(b"OK")
    time.sleep(0.2)
    port.write(b"\x03a\x03")
    assert port.read(4) == b"\n\x03a\x03"
    port.write(b"x")
    assert port.read_until(b"\x04>") == b"\x04\x04>"


def test_nobody_needs_to_listen_and_whoever_comes_next_can(tmp_path):
    with Plugged(make_board(tmp_path / "b", main="import time\nfor i in range(10**6):\n print(i)\n time.sleep_ms(1)")) \
            as plugged:
        for _ in range(3):
            with open_port(plugged.url) as port:
                assert re.search(rb"\d+\r\n\d+\r\n", port.read(200))
        first, second = open_port(plugged.url), open_port(plugged.url)
        assert first.read(10)
        second.timeout = 0.2
        assert second.read(1) == b"", "a UART has one other end"
        first.close()
        second.timeout = 5
        assert second.read(1)
        second.close()


def test_keys_typed_before_the_port_was_closed_arrive():
    port = SerialPort()
    client = socket.create_connection(("127.0.0.1", port.port))
    port.typed(port.watched()[0])
    [fd] = port.watched()
    port.shown(b"a banner that the other end does not read")
    client.sendall(b"keys")
    client.close()
    for _ in range(3):
        port.shown(b"the board goes on printing")
    assert port.watched() == [fd], "or what was typed is lost"
    assert port.typed(fd) == b"keys"
    port.typed(fd)
    with socket.create_connection(("127.0.0.1", port.port)) as following:
        port.typed(port.watched()[0])
        port.shown(b"next")
        assert following.recv(4) == b"next"
    port.close()


def test_dtr_and_rts_are_the_buttons(tmp_path):
    with Plugged(make_board(tmp_path / "b", main=BUSY)) as plugged:
        plugged.wait("busy")
        with open_port(plugged.rfc2217_url) as port:
            port.dtr = False
            port.rts = True
            port.rts = False
            heard = port.read_until(b"busy\r\n")
        assert b"rst:0x1 (POWERON_RESET),boot:0x13" in heard
        assert [line for line in plugged.lines if line.startswith("---")] == [
            "--- boot 1: PWRON_RESET, slot ota_0 ---", "--- EN pressed ---", "--- boot 2: PWRON_RESET, slot ota_0 ---"]


def test_the_command_line_prints_the_url(tmp_path):
    VirtualBoard.create_stock(tmp_path / "b", firmware=firmware())
    process = subprocess.Popen([sys.executable, "-m", "tools", "board", "run", tmp_path / "b", "--serial", "0"],
                               cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        url = re.match(r"serial=(socket://127\.0\.0\.1:\d+)", process.stdout.readline())[1]
        assert mpremote(url, "exec", "print(5)").stdout == "5\n"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_port_that_is_taken(tmp_path):
    VirtualBoard.create_stock(tmp_path / "b", firmware=firmware())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = subprocess.run([sys.executable, "-m", "tools", "board", "run", tmp_path / "b", "--serial",
                              str(taken.getsockname()[1])], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "Address already in use" in ran.stderr
