"""The agent on a board: from its first registration to both kinds of update, rolled back and cut short as well."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from images import without_entry
from managed import APPLICATION, has_buttons, managed, occupied, press_en
from target import Target, again

from plugged import Plugged
from tools import build, image
from tools.board.virtual import VirtualBoard
from tools.serial.repl import connect
from tools.update import describe
from tools.update.application import application

SPEED = 20  # of a virtual board
HEAP = "100wK"
TRIALS = 3
NOT_PRESSED = "RTS of this port does not restart the board"
SLOWLY = 60_000  # bytes a second, while a download is to be met half-way


@pytest.fixture(scope="module")
def board_port(request, networks, tmp_path_factory):
    """A board that may be taken: (port, the virtual board or None)."""
    port = request.config.getoption("--port")
    if port:
        with connect(port) as repl:
            why_not = occupied(repl) or ("" if networks or knows_wifi(repl) else "no Wi-Fi is known: --wifi names one")
        if why_not:
            pytest.skip(f"this board is left alone: {why_not}")
        yield port, None
        return
    board = VirtualBoard.create_stock(tmp_path_factory.mktemp("agent") / "board", speed=SPEED, heap=HEAP)
    board.run(20, until=lambda line: line.startswith("MicroPython v"))
    board.write_file("/settings.json", b'{"wifi": [{"ssid": "virtual-ap", "key": "virtual-key"}]}')
    with Plugged(board) as plugged:
        yield plugged.rfc2217_url, plugged


@pytest.fixture(scope="module")
def board(board_port, board_cloud, host, networks, tmp_path_factory):
    """The agent on it, registered and reporting."""
    port, plugged = board_port
    target = Target(port, plugged, False)
    before = listing(target)
    with managed(target, board_cloud, host, networks, tmp_path_factory.mktemp("updates")) as board:
        board.wait(lambda: board.state().get("answer") == 42, "the first report")
        yield board
    assert listing(target) == before, "the board is not as it was found"


def listing(target):
    """All files but what a virtual board's firmware shows."""
    with again(target) as repl:
        assert not occupied(repl)
        return repl.run("import os\nprint([e for e in sorted(os.ilistdir('/')) if e[0] != 'rom'])")


def knows_wifi(repl):
    return bool(json.loads(repl.read("/settings.json") or b"{}").get("wifi"))


def an_application(tmp_path, version, change="", kilobytes=0):
    """The tests' application as an update. change: code before its loop; kilobytes: of modules that do not pack."""
    main, lib = tmp_path / "main.py", tmp_path / "lib"
    main.write_text((APPLICATION / "main.py").read_text().replace("agent.run()", change + "agent.run()"))
    lib.mkdir(exist_ok=True)
    for i in range(kilobytes // 8):
        (lib / f"filling{i}.py").write_text(f"X = {random.Random(i).randbytes(4096).hex()!r}\n")
    return application(version, main, lib)


def test_it_registers_reports_and_tells_of_itself(board):
    state = board.state()
    assert state["status"] == "online" and state["version"].startswith("1.") and state["heap_used"] > 0
    before = state["uptime_s"]
    board.wait(lambda: board.state()["uptime_s"] != before, "another report")


def test_a_command_has_its_effect_once_and_a_reboot_is_told_truly(board):
    marks = board.state()["marks"]
    assert board.command("mark")[0] == "done"
    board.wait(lambda: board.state().get("marks") == marks + 1, "the mark")
    assert board.command("nonsense")[0] == "failed"
    assert board.command("reboot") == ("done", "restarted (HARD_RESET)")
    board.wait(lambda: board.state().get("marks") == 0, "a fresh start")


def test_an_application_that_crashes_is_taken_back_and_a_good_one_stays(board, tmp_path):
    """The crash is the worst one: it ends at the prompt, and only the watchdog gets the board out of there."""
    before, crashing, good = board.state()["version"], board.next_version(), board.next_version()
    status, message = board.ended(board.update(an_application(tmp_path, crashing, "1 / 0\n"), crashing)[0])
    assert status == "failed" and "watchdog" in message, message
    assert board.state()["version"] == before
    assert board.ended(board.update(an_application(tmp_path, good), good)[0]) == ("done", f"running {good}")
    board.wait(lambda: board.state()["version"] == good, "the new version")


def test_a_reset_in_the_middle_of_a_download(board, tmp_path):
    if not has_buttons(board.target.port):
        pytest.skip("this port has no control lines")
    version = board.next_version()
    data = an_application(tmp_path, version, kilobytes=160)
    board.cloud.settings(download_bytes_per_s=SLOWLY)
    sent, file = board.update(data, version)
    board.wait_during(sent, lambda: board.cloud.file(file)["bytes_sent"] > len(data) // 2, "half of the download")
    pressed = press_en(board.target.port)
    board.cloud.settings(download_bytes_per_s=0)
    assert board.ended(sent) == ("done", f"running {version}")
    if not pressed:
        pytest.skip(NOT_PRESSED)
    begun = [download["range"].partition("-")[0] for download in board.cloud.file(file)["downloads"]]
    assert begun[0] == "bytes=0" and "bytes=0" not in begun[1:], f"it went on where it was: {begun}"


def test_resets_on_trial_take_the_new_application_back(board, tmp_path):
    if not has_buttons(board.target.port):
        pytest.skip("this port has no control lines")
    before, version = board.state()["version"], board.next_version()
    assert reset_on_trial(board, an_application(tmp_path, version, kilobytes=64), version)[0] == "failed"
    board.wait(lambda: board.state()["version"] == before, "the old version")


def test_firmware_is_updated(board, request):
    named = image_for(board, request)
    version = describe.describe(named).version if named else board.next_version()
    if board.state()["agent_version"] == version:
        pytest.skip(f"the board and the image are both {version}: nothing would be updated")
    slot = board.slot()
    assert board.ended(board.update(named or build.firmware(version), version)[0]) == ("done", f"running {version}")
    board.wait(lambda: board.state()["agent_version"] == version, "the new firmware")
    assert board.slot() != slot


def test_firmware_that_crashes_is_taken_back_and_the_next_one_too(board, request, tmp_path):
    """It ends before its first instruction on a chip, before the agent on a virtual board."""
    named = image_for(board, request)
    slot, before = board.slot(), board.state()["agent_version"]
    for version in ("999.0.0", "999.0.1"):
        data = without_entry(named, version) if named else crashing(tmp_path / version, version)
        status, message = board.ended(board.update(data, version)[0])
        assert status == "failed" and message.startswith(f"{version} failed its trial, {before} runs again"), message
        assert (board.slot(), board.state()["agent_version"]) == (slot, before)


def test_an_image_without_entry_is_sound_to_all_who_check_it(tmp_path):
    whole = image.make(b"code", version="1.0.0", chip_id=5)
    first, second = (without_entry(whole, version) for version in ("999.0.0", "999.0.1"))
    assert len({whole, first, second}) == 3
    for version, made in (("999.0.0", first), ("999.0.1", second)):
        assert image.parse(made, chip_id=5).version == version
        file = tmp_path / "app.bin"
        file.write_bytes(made)
        report = subprocess.run([sys.executable, "-m", "esptool", "image-info", file], capture_output=True, text=True,
                                check=True).stdout
        assert "Entry point not set" in report and report.count("(valid)") == 2


def image_for(board, request):
    """Of --image; none for a virtual board, which gets images of its own."""
    named = request.config.getoption("--image")
    if not named and board.target.plugged is None:
        pytest.skip("no image for this chip: --image names one, `make firmware` builds it")
    return Path(named).read_bytes() if named else b""


def crashing(folder, version):
    """An image for a virtual board whose agent cannot be loaded."""
    agent = folder / "xyte"
    shutil.copytree(build.AGENT, agent, ignore=shutil.ignore_patterns("__pycache__"))
    (agent / "agent.py").write_text("1 / 0\n")
    return build.firmware(version, agent)


def test_resets_on_trial_take_new_firmware_back(board):
    if board.target.plugged is None:
        pytest.skip("this needs an image that has not been on the board yet: what failed is refused")
    before, version = board.state()["agent_version"], board.next_version()
    assert reset_on_trial(board, build.firmware(version), version)[0] == "failed"
    board.wait(lambda: board.state()["agent_version"] == before, "the old firmware")


def reset_on_trial(board, data, version):
    """The new code runs, but cannot prove itself before EN is pressed, in each of its trials. Returns the outcome.

    To the board EN is a power loss, which says nothing about the new code: it has two more trials.
    """
    board.cloud.settings(download_bytes_per_s=SLOWLY)
    sent, file = board.update(data, version)
    board.wait_during(sent, lambda: board.cloud.file(file)["bytes_sent"], "the download")
    board.cloud.faults([{"action": "status", "status": 503, "match": {"path": "/telemetry"}, "count": 1000}])
    board.cloud.settings(download_bytes_per_s=0)
    try:
        for _ in range(TRIALS):
            since = board.cloud.requests()[-1]["seq"]
            board.wait_during(sent, lambda since=since: version in refused(board.cloud, since),
                              "a telemetry of the new code")
            if not (pressed := press_en(board.target.port)):
                break
    finally:
        board.cloud.faults([])
    outcome = board.ended(sent)
    if not pressed:
        pytest.skip(NOT_PRESSED)
    return outcome


def refused(cloud, since):
    """The versions that refused telemetries have told since a request."""
    told = [request["body"]["telemetries"] for request in cloud.requests(since)
            if request["status"] == 503 and request["path"].endswith("/telemetry")]
    return {values.get(name) for values in told for name in ("version", "agent_version")}
