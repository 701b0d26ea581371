"""The user's part: the stock HTTP client, the console, crashes, hangs, safe mode, and two boards on one bench."""

import time

import pytest
from rig import (
    LONG_WAIT_SPEED,
    MAIN,
    RUN,
    Powered,
    found,
    identity,
    make_board,
    registered,
    serial_number,
    the_device,
    told,
    troubles,
)

from tools.board import factory

STOCK = MAIN.replace('Agent(version="1.0.0")', 'Agent(version="1.0.0", http=__import__("requests"))')
FAULTY = MAIN + """
mended = []
@agent.sensor("moody")
def moody():
    if not mended:
        raise OSError("no probe")
    return 7
@agent.command("bad")
def bad(params, progress):
    mended.append(1)
    return 1 // 0
@agent.command("hang")
def hang(params, progress):
    while True:
        pass
"""
ONCE = """
import os
if "proof" not in os.listdir():
    open("proof", "w").close()
    def bug(*args):
        raise ValueError("a bug in the loop")
"""
BUG_IN_THE_LOOP = ONCE + "    agent._telemetry.read = bug\n"
BUG_IN_MAIN = ONCE + "    bug()\n"


def test_stock_requests_over_plain_http(tmp_path, cloud):
    """Its Host header has no port, so the cloud cannot know the whole address that it was called by."""
    cloud.settings(hub_url=cloud.http)
    board = make_board(tmp_path / "board", cloud, main=STOCK + RUN, entry_url=cloud.http)
    with Powered(board) as run:
        run.reports(2)
        sent = cloud.send_command(the_device(cloud)["id"], "mark", {"text": "stock"})
        cloud.wait_for(lambda: cloud.command(sent)["status"] == "done", what="done")
        run.reports()
    assert troubles(run.lines) == [] and run.count("effect stock") == 1
    requests = cloud.requests()
    assert len({request["connection"] for request in requests}) == len(requests)  # it keeps none


def test_stock_firmware_runs_the_agent_from_files(tmp_path, cloud):
    board = make_board(tmp_path / "board", cloud, firmware=factory.built_firmware("1.0.0", "files"), agent="files",
                       heap="100wK")
    with Powered(board) as run:
        run.reports(2)
    assert troubles(run.lines) == [] and board.read_file("/lib/xyte/agent.mpy")


def test_ctrl_c_gives_the_prompt_and_the_watchdog_leaves_it_alone(tmp_path, cloud):
    board = registered(make_board(tmp_path / "board", cloud, speed=LONG_WAIT_SPEED))
    with Powered(board) as run:
        run.reports()
        board.interrupt()
        run.wait("stopped from the console")
        run.wait("^MicroPython v")
        seen = len(cloud.requests())
        time.sleep(2)  # more than two of the watchdog's minutes
        assert run.count("--- ") == 1 and len(cloud.requests()) == seen


def test_a_sensor_and_a_command_that_raise_are_reported_and_nothing_else_happens(tmp_path, cloud):
    board = make_board(tmp_path / "board", cloud, main=FAULTY + RUN)
    with Powered(board) as run:
        device = cloud.wait_for(lambda: next(d for d in cloud.devices() if d["state"].get("status") == "error"))
        assert device["message"] == "moody: OSError no probe"
        sent = cloud.send_command(device["id"], "bad")
        cloud.wait_for(lambda: cloud.command(sent)["status"] == "failed", what="the failure")
        cloud.wait_for(lambda: the_device(cloud)["state"].get("moody") == 7, what="the sensor's recovery")
        assert the_device(cloud)["state"]["status"] == "online"
        run.reports()
    assert found("bad: failed ZeroDivisionError: divide by zero", run.lines)
    assert run.count("--- boot ") == 1


def test_a_bug_ends_in_a_crash_note_a_reset_and_a_report(tmp_path, cloud):
    board = make_board(tmp_path / "board", cloud, main=MAIN + BUG_IN_THE_LOOP + RUN)
    with Powered(board) as run:
        cloud.wait_for(lambda: "a bug in the loop" in told(cloud, "last_crash")[0], what="the note")
        run.reports(2)
    assert [boot.cause for boot in run.result.boots] == ["PWRON_RESET", "HARD_RESET"]
    with pytest.raises(FileNotFoundError):
        board.read_file("/crash.txt")  # told once is enough


def test_an_exception_in_main_ends_in_a_watchdog_reset_and_a_report(tmp_path, cloud):
    board = make_board(tmp_path / "board", cloud, main=MAIN + BUG_IN_MAIN + RUN)
    with Powered(board) as run:
        cloud.wait_for(lambda: "watchdog" in told(cloud, "last_crash")[0], what="the note")
    assert [boot.cause for boot in run.result.boots] == ["PWRON_RESET", "WDT_RESET"]


def test_a_hang_ends_in_a_watchdog_reset_and_the_command_is_failed(tmp_path, cloud):
    board = make_board(tmp_path / "board", cloud, main=FAULTY + RUN)
    with Powered(board) as run:
        run.reports()
        sent = cloud.send_command(the_device(cloud)["id"], "hang")
        cloud.wait_for(lambda: cloud.command(sent)["status"] == "failed", timeout=20, what="the failure")
        run.reports(2)
        assert "watchdog" in told(cloud, "last_crash")[0]
    assert [boot.cause for boot in run.result.boots] == ["PWRON_RESET", "WDT_RESET"]
    assert run.count("running hang") == 1


def test_six_boots_that_crash_lead_to_safe_mode_which_reports_and_obeys(tmp_path, cloud):
    board = make_board(tmp_path / "board", cloud, main="import machine\nmachine.reset()\n")
    with Powered(board) as run:
        run.reports(2)
        assert run.count("--- boot ") == 6
        device = the_device(cloud)
        assert device["state"]["status"] == "error" and device["message"].startswith("safe mode: ")
        sent = cloud.send_command(device["id"], "reboot")
        cloud.wait_for(lambda: cloud.command(sent)["status"] == "done", what="done")
        assert run.count("--- boot ") == 12  # the application had its five boots again
        run.reports(2)
    board.write_file("/main.py", (MAIN + RUN).encode())
    with Powered(board) as run:
        run.reports()
    assert the_device(cloud)["state"]["status"] == "online"
    assert identity(board)["id"] == device["id"]


def test_two_boards_side_by_side(tmp_path, cloud):
    boards = [make_board(tmp_path / name, cloud) for name in ("left", "right")]
    with Powered(boards[0]) as left, Powered(boards[1]) as right:
        runs = (left, right)
        for run in runs:
            run.reports()
        ids = [the_device(cloud, serial_number(board))["id"] for board in boards]
        sent = [cloud.send_command(ident, "mark", {"text": ident}) for ident in ids]
        for command in sent:
            cloud.wait_for(lambda command=command: cloud.command(command)["status"] == "done", what="done")
    assert [run.count(f"effect {ident}$") for run in runs for ident in ids] == [1, 0, 0, 1]
    assert [identity(board)["id"] for board in boards] == ids and ids[0] != ids[1]
