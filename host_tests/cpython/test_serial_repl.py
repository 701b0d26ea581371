"""A board at its raw REPL that does not behave, and a host that is ended: virtual boards with stock firmware."""

import os
import signal
import subprocess
import sys
import time

import pytest
from mpremote.transport import TransportError

from plugged import Plugged
from tools import ROOT
from tools.serial import repl as raw
from tools.serial.port import PortError
from tools.serial.repl import BoardError, connect

AT_WORK = b"import time\nprint('at work')\nwhile True:\n    time.sleep_ms(100)\n    print('still')\n"
DEAF = b"""import time
print('deaf')
end = time.time() + 5
while time.time() < end:
    try:
        time.sleep_ms(50)
    except KeyboardInterrupt:
        pass
while True:
    time.sleep_ms(10)
"""


def test_a_program_that_is_deaf_for_a_while(board, monkeypatch):
    monkeypatch.setattr(raw, "_ATTEMPT_S", 1)
    board.write_file("/main.py", DEAF)
    with Plugged(board) as plugged:
        plugged.wait("deaf")
        with connect(plugged.url) as repl:
            assert repl.run("print(1)") == "1\n"


def test_a_reset_in_the_middle_of_a_command_is_noticed(board):
    board.write_file("/main.py", AT_WORK)
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        since, began = len(plugged.lines), time.monotonic()
        with pytest.raises(PortError, match="the board has reset itself"):
            repl.run("import machine\nmachine.reset()")
        repl.restart()
        assert time.monotonic() - began < 5
        plugged.wait("still", since)
        assert sum("--- boot" in line for line in plugged.lines[since:]) == 1, "it has restarted already"


def test_another_chip_is_refused_and_starts_again(board):
    board.write_file("/boot.py", b"import sys\nsys.modules.pop('esp32')\n")
    board.write_file("/main.py", AT_WORK)
    with Plugged(board) as plugged:
        plugged.wait("still")
        since = len(plugged.lines)
        with pytest.raises(PortError, match="no ESP32 with MicroPython .ImportError: no module named 'esp32'.. Is it"):
            connect(plugged.url).__enter__()
        plugged.wait("at work", since)


def test_what_a_board_says_of_bytes_that_got_lost(board):
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        with pytest.raises(BoardError) as caught:
            repl.run("impor sys")
        with pytest.raises(BoardError, match="makes no sense. If it is not always that"):
            repl.call("files", "hashes", ["/bot.py"], keys=["/boot.py"])
    assert raw.told(caught.value).startswith("the board says: SyntaxError: invalid syntax. If it is not always that")
    assert raw.told(BoardError("ours")) == "ours"


def test_a_board_whose_prompt_was_lost_is_led_back_to_it(board):
    """It has reset itself while a command was sent, and its program prints on."""
    board.write_file("/main.py", AT_WORK)
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        repl.start("import machine\nmachine.reset()")
        plugged.wait("still")
        with pytest.MonkeyPatch.context() as patch, pytest.raises(PortError):
            patch.setattr(repl._transport, "exec_raw", fails)
            repl.run("print(1)")
        since = len(plugged.lines)
        repl.restart()
        plugged.wait("still", since)


def fails(*_, **__):
    raise TransportError("unexpected read during raw paste")


def test_safe_mode_is_ended_as_soon_as_it_is_at_work():
    said = {b"\x04": b"OK\r\nMPY: soft reboot\r\nboot: safe mode: no main.py\r\n 0.012 E settings: none\r\n",
            b"\x03": b" 0.020 W agent: stopped\r\n  File \"boot.py\"\r\nraw REPL; CTRL-B to exit\r\n"}

    class Line:
        """Says no more before the next key: whoever goes on listening waits for nothing."""

        def write(self, key):
            self.rest = said[key]

        def read(self, _):
            assert self.rest, "this would be a wait"
            byte, self.rest = self.rest[:1], self.rest[1:]
            return byte

    transport = object.__new__(raw._Transport)
    transport.serial = Line()
    raw._soft_reset(transport, "P")
    assert not transport.serial.rest


def test_a_command_that_goes_on_printing_ends(board):
    with Plugged(board) as plugged, connect(plugged.url) as repl:
        with pytest.raises(BoardError, match="not done after 1 s"):
            repl.run("import time\nwhile True:\n    time.sleep_ms(50)\n    print('still')", longest_s=1)
        assert repl.run("print(1)") == "1\n"


def test_ctrl_c_before_the_board_is_ready_starts_it_again(board, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(raw, "_soft_reset", interrupted)
    board.write_file("/main.py", AT_WORK)
    with Plugged(board) as plugged:
        plugged.wait("at work")
        since = len(plugged.lines)
        with pytest.raises(KeyboardInterrupt), connect(plugged.url):
            pass
        plugged.wait("still", since)
        assert any("SW_CPU_RESET" in line or "HARD_RESET" in line for line in plugged.lines[since:])


def test_a_failure_before_the_board_is_ready_starts_it_again(board, monkeypatch):
    def lost(*_):
        raise PortError("lost")

    monkeypatch.setattr(raw, "_soft_reset", lost)
    board.write_file("/main.py", AT_WORK)
    with Plugged(board) as plugged:
        plugged.wait("at work")
        since = len(plugged.lines)
        with pytest.raises(PortError), connect(plugged.url):
            pass
        plugged.wait("at work", since)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_host_that_is_ended_starts_the_board_again(board, number):
    board.write_file("/main.py", AT_WORK)
    with Plugged(board) as plugged:
        plugged.wait("at work")
        since = len(plugged.lines)
        console = subprocess.Popen([sys.executable, "-m", "tools", "console", "--port", plugged.url], cwd=ROOT,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        while not console.stdout.readline().startswith("  help, quit"):
            pass
        time.sleep(0.5)
        os.kill(console.pid, number)
        assert console.wait(20) == 130
        console.communicate()
        plugged.wait("at work", since)


def test_a_host_that_is_killed_leaves_the_board_stopped_for_ten_minutes(board):
    board.write_file("/main.py", AT_WORK)
    with Plugged(board, speed=200.0) as plugged:
        plugged.wait("at work")
        with connect(plugged.url) as repl:
            for _ in range(4):
                time.sleep(1)
                repl.call("state", "boot_ran")
        since = len(plugged.lines)
        plugged.wait("task watchdog", since)
        plugged.wait("at work", since)
