"""The whole board with the real interpreter: start-up, resets, clock, console, several side by side."""

import threading
import time

import pytest
from board_lab import PROMPT, firmware, make_board, run_to_prompt

from tools.board.settings import BoardError
from tools.board.virtual import VirtualBoard

# Counts its boots in RTC memory, so that a script can do something else in each.
COUNT = """
import machine
rtc = machine.RTC()
n = int(rtc.memory() or b"0")
rtc.memory(b"%d" % (n + 1))
"""


def printed(result):
    """What the board's code printed, without the supervisor's lines and the prompt."""
    return [line for line in result.lines
            if not line.startswith(("---", ">>>", PROMPT, 'Type "help()"'))]


def causes(result):
    return [boot.cause for boot in result.boots]


def test_boot_then_main_then_prompt(tmp_path):
    board = make_board(tmp_path / "b", main="print('main', x, __name__)",
                       boot="x = 5\nprint('boot', __name__)")
    result = run_to_prompt(board)
    assert printed(result) == ["boot __main__", "main 5 __main__"]
    assert causes(result) == ["PWRON_RESET"]
    assert result.lines[0] == "--- boot 1: PWRON_RESET, slot ota_0 ---"


def test_exception_in_boot_keeps_main_from_running(tmp_path):
    result = run_to_prompt(make_board(tmp_path / "b", main="print('main')", boot="1 / 0"))
    assert "ZeroDivisionError: divide by zero" in result.lines
    assert "main" not in result.lines


def test_exception_in_main_ends_at_the_prompt(tmp_path):
    result = run_to_prompt(make_board(tmp_path / "b", main="raise ValueError('no')"))
    assert "ValueError: no" in result.lines
    assert len(result.boots) == 1


def test_scripts_of_the_image_win_over_files(tmp_path):
    image = firmware(boot="print('boot of the image')", part="X = 3",
                     main="import part\nprint('main', part.X)")
    result = run_to_prompt(make_board(tmp_path / "b", main="print('file')", boot="print('file')",
                                      firmware=image))
    assert printed(result) == ["boot of the image", "main 3"]


def test_main_is_taken_from_the_folder_that_boot_enters(tmp_path):
    image = firmware(boot="import os\nos.chdir('/slot_a')")
    board = make_board(tmp_path / "b", main="print('root')", firmware=image,
                       files={"/slot_a/main.py": "import part, sys\nprint('slot', part.X, sys.path)",
                              "/slot_a/part.py": "X = 7"})
    assert printed(run_to_prompt(board)) == ["slot 7 ['', '/rom', '.frozen', '/lib']"]


def test_reset_causes(tmp_path):
    board = make_board(tmp_path / "b", main=COUNT + """
import sys, time
print(n, machine.reset_cause())
if n == 0: machine.reset()
if n == 1: machine.deepsleep(100)
if n == 2: machine.soft_reset()
if n == 3: sys.exit()
if n == 4:
    machine.WDT(timeout=100)
    while True: pass
""")
    result = run_to_prompt(board)
    assert printed(result) == ["0 1", "1 2", "2 4", "MPY: soft reboot", "3 5", "MPY: soft reboot", "4 5",
                               "5 3"]
    assert causes(result) == ["PWRON_RESET", "HARD_RESET", "DEEPSLEEP_RESET", "SOFT_RESET", "SOFT_RESET",
                              "WDT_RESET"]


def test_watchdog_is_fed_armed_anew_and_survives_a_soft_reset(tmp_path):
    board = make_board(tmp_path / "b", main=COUNT + """
import time
if n == 0:
    wdt = machine.WDT(timeout=200)
    for _ in range(4):
        time.sleep_ms(100)
        wdt.feed()
    machine.WDT(timeout=5000)
    time.sleep_ms(400)
    machine.WDT(timeout=300)
    print("fed")
    machine.soft_reset()
if n == 1:
    time.sleep(5)
print("end", machine.reset_cause())
""")
    assert printed(run_to_prompt(board)) == ["fed", "MPY: soft reboot", "end 3"]


def test_hung_prompt_is_ended_by_the_watchdog(tmp_path):
    board = make_board(tmp_path / "b", main="import machine; machine.WDT(timeout=100)")
    assert causes(board.run(20, boots=2)) == ["PWRON_RESET", "WDT_RESET"]


def test_rtc_survives_resets_but_not_power(tmp_path):
    board = make_board(tmp_path / "b", main=COUNT + """
import time
if n == 0:
    print(time.time() < 5, time.gmtime(0))
    rtc.datetime((2026, 11, 22, 6, 1, 2, 3, 0))
    machine.reset()
print(rtc.datetime()[:6], time.gmtime()[:5], rtc.memory())
try:
    rtc.memory(bytes(2049))
except ValueError as error:
    print(error)
""")
    expected = ["True (2000, 1, 1, 0, 0, 0, 5, 1)",
                "(2026, 11, 22, 6, 1, 2) (2026, 11, 22, 1, 2) b'2'", "buffer too long"]
    assert printed(run_to_prompt(board)) == expected
    assert printed(run_to_prompt(board)) == expected


def test_writing_the_running_application_aborts(tmp_path):
    board = make_board(tmp_path / "b", main=COUNT + """
from esp32 import Partition
print(n, machine.reset_cause())
if n == 0: Partition(Partition.RUNNING).writeblocks(0, bytes(4096))
""")
    result = run_to_prompt(board)
    assert printed(result) == ["0 1", "1 2"]
    assert "--- abort(): flash write to the running application ---" in result.lines


def test_speed(tmp_path):
    board = make_board(tmp_path / "b", speed=20.0, main="""
import time
t, s = time.ticks_ms(), time.time()
time.sleep(10)
print(9950 < time.ticks_diff(time.ticks_ms(), t) < 11000, 9 <= time.time() - s <= 11)
""")
    began = time.monotonic()
    assert printed(run_to_prompt(board)) == ["True True"]
    assert time.monotonic() - began < 8


def test_interrupt_leads_to_the_prompt(tmp_path):
    board = make_board(tmp_path / "b", main="print('busy')\nwhile True: pass")

    def interrupt(line):
        if line == "busy":
            board.interrupt()

    result = run_to_prompt(board, on_line=interrupt)
    assert "KeyboardInterrupt: " in result.lines


def test_console_is_a_prompt(tmp_path):
    import os

    board = make_board(tmp_path / "b", main="x = 20")
    read, write = os.pipe()
    os.write(write, b"x + 1\nfor i in range(2):\n    print('line', i)\n\n1 / 0\nprint('end of it')\n")
    result = board.run(20, until=lambda line: "end of it" in line, console_fd=read)
    text = "\n".join(result.lines)
    assert ">>> x + 1\n21\n>>> " in text and "line 0\nline 1" in text and "ZeroDivisionError" in text
    os.close(read)
    os.close(write)


def test_stop_from_another_thread(tmp_path):
    board = make_board(tmp_path / "b", main="while True: pass")
    threading.Timer(0.3, board.stop).start()
    began = time.monotonic()
    result = board.run(20)
    assert 0.2 < time.monotonic() - began < 15
    assert len(result.boots) == 1


def test_a_running_board_is_locked(tmp_path):
    board = make_board(tmp_path / "b", main="while True: pass")
    errors = []

    def second(_):
        if not errors:
            for call in (VirtualBoard(board.folder).run, lambda: board.wipe("nvs")):
                with pytest.raises(BoardError, match="in use") as caught:
                    call()
                errors.append(caught)
        return len(errors) == 2

    board.run(20, until=second)
    assert len(errors) == 2


def test_endless_printing_does_not_outlive_the_time(tmp_path):
    board = make_board(tmp_path / "b", main="while True: print('x' * 100)")
    began = time.monotonic()
    board.run(0.5)
    assert time.monotonic() - began < 15


def test_boards_run_side_by_side(tmp_path):
    main = "import machine, time\nfor i in range(5):\n    time.sleep_ms(50)\nprint(machine.unique_id().hex())"
    boards = [make_board(tmp_path / f"b{i}", main=main, mac=f"24:a1:60:00:00:0{i}") for i in range(4)]
    results = {}
    threads = [threading.Thread(target=lambda b=b: results.update({b.settings.mac: run_to_prompt(b)}))
               for b in boards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {mac: printed(result) for mac, result in results.items()} == {
        board.settings.mac: [board.settings.mac] for board in boards}


def test_a_run_ends_with_the_boots_asked_for(tmp_path):
    board = make_board(tmp_path / "b", main="import machine; machine.reset()")
    assert len(board.run(60, boots=20).boots) == 20


def test_corrupted_file_system_is_not_formatted(tmp_path):
    board = make_board(tmp_path / "b", main="print('main')")
    with open(board.folder / "flash.bin", "r+b") as flash:
        flash.seek(0x310000)
        flash.write(b"\x55" * 0x3000)
    result = board.run(20, until=lambda line: "corrupted" in line)
    assert "main" not in result.lines


def test_blank_file_system_is_formatted(tmp_path):
    board = make_board(tmp_path / "b", main="print('main')")
    board.wipe("files")
    result = run_to_prompt(board)
    assert printed(result) == ["Performing initial setup"]
    assert board.read_file("/boot.py").startswith(b"# This file is executed on every boot")
