"""Must show 6, 7, 8: a device that was deleted, connections that end, a cloud or a network that is away."""

import itertools

import pytest
from rig import (
    LONG_WAIT_SPEED,
    Powered,
    accepted,
    at,
    found,
    identity,
    make_board,
    registered,
    the_device,
    told,
    troubles,
)

STRAY_401 = {"action": "status", "status": 401, "match": {"path": "/telemetry"}}
APART_S = 30
CAP_S = 300
REFUSED = "refused: HTTP 401"


def test_a_deleted_device_registers_anew_after_three_answers_and_not_before(board, cloud):
    with Powered(board) as run:
        run.reports(2)  # with the first one the board still has more to say
        old = the_device(cloud)["id"]
        cloud.delete_device(old)
        run.wait("registered as", times=2)
        run.reports()
    refusals = [at(line) for line in found(REFUSED, run.lines)]
    assert len(refusals) == 3
    assert all(later - earlier >= APART_S for earlier, later in itertools.pairwise(refusals))
    registrations = [request for request in cloud.requests() if request["path"] == "/v1/devices"]
    assert [request["status"] for request in registrations] == [201, 201]
    assert identity(board)["id"] == the_device(cloud)["id"] != old


@pytest.mark.parametrize("strays", [1, 2])
def test_a_stray_401_changes_nothing(board, cloud, strays):
    with Powered(board) as run:
        run.reports()
        kept = the_device(cloud)["id"]
        for _ in range(2):  # what was counted before a success does not count after it
            seen = len(run.lines)
            cloud.faults([STRAY_401 | {"count": strays}])
            run.wait(REFUSED, times=strays, after=seen)
            run.reports(2)
    assert run.count(REFUSED) == 2 * strays and run.count("registered as") == 1
    assert identity(board)["id"] == the_device(cloud)["id"] == kept


@pytest.mark.parametrize("status", [403, 404])
def test_a_deleted_device_whose_cloud_says_something_else(tmp_path, cloud, status):
    """403 is never taken for a deletion; 404 is, after six of them over ten minutes."""
    cloud.settings(deleted_status=status)
    board = registered(make_board(tmp_path / "board", cloud, speed=LONG_WAIT_SPEED))
    with Powered(board) as run:
        run.reports()
        cloud.delete_device(the_device(cloud)["id"])
        if status == 403:
            run.wait("refused: HTTP 403", times=6, timeout=30)
            assert run.count("registered as") == 1
            return
        run.wait("registered as", times=2, timeout=45)
        run.reports()
    refusals = [at(line) for line in found("refused: HTTP 404", run.lines)]
    assert len(refusals) >= 6 and refusals[-1] - refusals[0] >= 600
    assert identity(board)["id"] == the_device(cloud)["id"]


def test_a_kept_connection_closed_by_the_server_loses_no_telemetry(board, cloud):
    with Powered(board) as run:
        run.reports()
        for _ in range(5):
            seen = len(run.lines)
            cloud.wait_for(cloud.close_connections, what="a moment in which the connection is idle")
            run.wait("accepted", after=seen, times=2)
        cloud.faults([{"action": "close_after", "match": {"path": "/telemetry"}, "count": 3},
                      {"action": "close_after", "match": {"path": "/telemetry"}, "count": 3, "reset": True}])
        run.reports(9)
        assert all(rule["count"] == 0 for rule in cloud.faults_left())
    assert troubles(run.lines) == []
    numbers = [int(line.split("telemetry ")[1].split()[0]) for line in found("telemetry .* accepted", run.lines)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert accepted(cloud) - len(numbers) in (0, 1)  # the power may have gone before the last was logged
    assert len({request["connection"] for request in cloud.requests()}) >= 10


def test_with_the_cloud_down_for_minutes_the_board_waits_longer_and_longer(tmp_path, own_cloud):
    board = registered(make_board(tmp_path / "board", own_cloud, speed=LONG_WAIT_SPEED))
    failed = "W cloud: "
    with Powered(board) as run:
        run.reports()
        own_cloud.stop()
        run.wait(failed, times=10, timeout=60)
        own_cloud.start()
        back = at(run.lines[-1])
        seen = len(run.lines)
        report = at(run.wait("accepted", after=seen))
        run.reports(3)
        assert run.count("--- boot ") == 1
    failures = [at(line) for line in found(failed, run.lines[:seen])]
    pauses = [later - earlier for earlier, later in itertools.pairwise(failures)]
    for number, pause in enumerate(pauses):
        assert pause <= min(2 << number, CAP_S) + 2, pauses
    assert max(pauses[5:]) > max(pauses[:3]) and len({round(pause, 1) for pause in pauses}) > 5, pauses
    assert report - back <= CAP_S + 5


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_the_cloud_asks_for_is_kept(board, cloud, status):
    asked_s = 40
    with Powered(board) as run:
        run.reports()
        seen = len(run.lines)
        cloud.faults([{"action": "status", "status": status, "headers": {"Retry-After": str(asked_s)},
                       "match": {"path": "/telemetry"}}])
        refused = at(run.wait(f"refused: HTTP {status}", after=seen))
        report = at(run.wait("accepted", after=seen + 1, times=1 + run.count("accepted", seen)))
        run.reports()
    assert asked_s <= report - refused <= asked_s + 10
    assert run.count("registered as") == 1


def test_a_network_that_comes_back(board, cloud):
    with Powered(board) as run:
        run.reports()
        board.outage(True)
        run.wait("link lost")
        seen = len(run.lines)
        run.wait("not found", after=seen)
        board.outage(False)
        run.wait("connected to", times=2)
        run.reports(2)
    assert run.count("--- boot ") == 1 and the_device(cloud)["id"] == identity(board)["id"]


@pytest.mark.parametrize("cure", ["dhcp", "radio"])
def test_a_link_that_is_up_and_dead(tmp_path, cloud, cure):
    """It looks as good as ever, and nothing gets through until the board does what cures it, without a restart."""
    board = registered(make_board(tmp_path / "board", cloud, speed=LONG_WAIT_SPEED, settings={"link_reset_s": 0}))
    with Powered(board) as run:
        run.reports()
        board.outage(cure)
        run.wait(f"requests without an answer .*: {cure}$", timeout=40)
        run.reports(2, timeout=40)
        run.wait_for(lambda: told(cloud, "link_repairs"), "the repairs in telemetry")
    assert run.count("--- boot ") == 1
    assert f"{cure} 1" in [text for text in told(cloud, "link_repairs") if text][-1]
