"""Must show 9: whatever the documents leave open, the board registers, reports, and carries a command out.

Each rule of the cloud's settings table is turned to each value that it can have.
"""

import itertools
import uuid

import pytest
from rig import LONG_WAIT_SPEED, MAIN, RUN, Powered, identity, make_board, serial_number, the_device

from tools.cloud import defaults
from tools.cloud.settings import BY_NAME, TABLE, Setting

# Values of rules that have no list of them.
FREE = {
    "hub_url": ["{scheme}://{host}/", "{host}", "{scheme}://{host}", "HTTPS://{host}"],
    "unclaimed_space_data_version": [7],
    "command_timeout_s": [0],
    "cancelled_status_name": ["aborted"],
    "update_device_per_hour": [0, 1],
    "keep_alive_s": [1],
}
SLOW = """
@agent.command("slow")
def slow(params, progress):
    import time
    print("slow begins")
    for _ in range(30):
        progress("still at it")
        time.sleep(1)
"""
UPDATES = {"method": "POST", "path": "/command"}
_commands = itertools.count(1)


def values(setting: Setting) -> list:
    if isinstance(setting.default, bool):
        return [not setting.default]
    if setting.choices:
        return [value for value in setting.choices if value != setting.default]
    return FREE.get(setting.name, [])


def others(name: str) -> list:
    return [pytest.param({name: value}, id=f"{name}={value}") for value in values(BY_NAME[name])]


ALL = [pytest.param({setting.name: value}, id=f"{setting.name}={value}")
       for setting in TABLE for value in values(setting)]


@pytest.fixture(scope="module")
def fresh_board(shared_cloud, tmp_path_factory):
    """Never powered up: each test takes a copy."""
    return make_board(tmp_path_factory.mktemp("boards") / "fresh", shared_cloud, main=MAIN + SLOW + RUN)


@pytest.fixture
def board(fresh_board, tmp_path):
    return fresh_board.copy(tmp_path / "board")


def carry_out(cloud, run, board):
    """A command from sending to done, with one effect; returns the device's id."""
    text = f"switch {next(_commands)}"
    device_id = the_device(cloud, serial_number(board))["id"]
    sent = cloud.send_command(device_id, "mark", {"text": text})
    run.wait(f"effect {text}")
    cloud.wait_for(lambda: cloud.command(sent)["status"] == "done", what="done")
    run.reports(2)
    assert run.count(f"effect {text}") == 1
    return device_id


@pytest.mark.parametrize("change", ALL)
def test_each_switch(board, cloud, change):
    cloud.settings(**change)
    with Powered(board) as run:
        run.reports()
        device_id = carry_out(cloud, run, board)
    assert identity(board)["id"] == device_id
    assert run.count("--- boot ") == 1 and run.count("crash|Traceback") == 0


@pytest.mark.parametrize("change", others("register_taken_status"))
def test_an_identity_that_is_taken(tmp_path, board, cloud, change):
    """As it happens when a board's module is replaced. 422, the documented status, is in the power-cut campaign."""
    cloud.settings(**change)
    new = board.copy(tmp_path / "new")
    with Powered(board) as run:
        run.reports()
    with Powered(new) as run:
        run.wait("refused: HTTP", times=2)
        cloud.delete_device(the_device(cloud)["id"])
        run.wait("registered as", timeout=60)
        run.reports()
    assert identity(new)["id"] == the_device(cloud)["id"]


@pytest.mark.parametrize("change", [*others("register_wrong_key_status"), {}])
def test_a_hardware_key_that_the_cloud_learns_later(tmp_path, board, cloud, change):
    """422 is what an identity that is taken gets too, so then the next try is minutes away."""
    cloud.settings(**change)
    key = str(uuid.uuid4())
    board = make_board(tmp_path / "keyed", cloud, settings={"hardware_key": key}, speed=LONG_WAIT_SPEED)
    with Powered(board) as run:
        run.wait("refused: HTTP", times=1 if 422 in change.values() else 2)
        assert cloud.devices() == []
        answer = cloud.control.post("hardware_keys", json={"model_id": defaults.MODEL_ID, "key": key})
        assert answer.status_code == 201
        run.wait("registered as", timeout=60)
        run.reports()
    assert key not in "\n".join(run.lines) and run.count("knows this device already") == 0


@pytest.mark.parametrize("change", [*others("update_command_cancelled_id"), {}])
def test_a_command_cancelled_while_it_runs(board, cloud, change):
    cloud.settings(cancel_in_progress=True, **change)
    with Powered(board) as run:
        run.reports()
        sent = cloud.send_command(the_device(cloud)["id"], "slow")
        run.wait("slow begins")
        cloud.cancel_command(sent)
        carry_out(cloud, run, board)
    assert run.count("slow begins") == 1 and run.count("--- boot ") == 1


@pytest.mark.parametrize("change", [*others("late_done"), {}])
def test_a_command_that_ends_after_its_timeout(board, cloud, change):
    cloud.settings(command_timeout_s=1, **change)
    with Powered(board) as run:
        run.reports()
        sent = cloud.send_command(the_device(cloud)["id"], "slow")
        run.wait("slow: done")
        cloud.settings(command_timeout_s=600)
        run.reports()
        late = "done" if change.get("late_done") == "accept" else "failed"
        assert cloud.command(sent)["status"] == late
        carry_out(cloud, run, board)
    assert run.count("slow begins") == 1 and run.count("--- boot ") == 1


@pytest.mark.parametrize("change", [*others("update_command_finished_id"), {}])
def test_a_lost_answer_to_the_final_report(board, cloud, change):
    """The cloud has the report, the board does not know: it tells it again, and never runs the command again."""
    cloud.settings(**change)
    with Powered(board) as run:
        run.reports()
        cloud.faults([{"action": "close", "perform": True, "match": UPDATES, "skip": 1, "count": 2}])
        carry_out(cloud, run, board)
        carry_out(cloud, run, board)
