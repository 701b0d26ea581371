"""The pull path: a file that telemetry's answer names is taken without any command, when the settings say so."""

import payloads
import pytest
from payloads import APPLICATION
from rig import Powered, found, told
from update_bench import Bench, make_updatable

from tools.update import payload

TRIAL = "restarting into .* for trial"
CRASH = "raise ValueError('no such sensor')\n"
PIECE = 65536
kinds = pytest.mark.parametrize("kind", payloads.KINDS)


@pytest.fixture
def cloud(own_cloud):
    """Where the newest file is one of this test."""
    return own_cloud


@pytest.fixture
def bench(tmp_path, cloud):
    board = make_updatable(tmp_path / "board", cloud, settings={"follow_latest": True})
    return Bench(tmp_path, cloud, board)


def asked(bench: Bench) -> int:
    """How often Get File was called."""
    return sum(1 for request in bench.cloud.requests() if f"/{bench.device}/files/" in request["path"])


def version(bench: Bench) -> str:
    """What the board has told with Update Device; its operator owns it by now."""
    return bench.info()["firmware"]["version"]


@kinds
def test_left_alone_by_default(tmp_path, cloud, kind):
    bench = Bench(tmp_path, cloud, make_updatable(tmp_path / "board", cloud))
    bench.upload(payloads.make(kind, "1.1.0"))
    with Powered(bench.board) as run:
        run.reports(5)
        assert asked(bench) == 0 and not told(cloud, "last_update")
        bench.cloud.claim(bench.device)
        assert version(bench) == "1.0.0"


@kinds
def test_taken_tried_and_kept(bench, kind):
    """Twice; each is asked for once, and nothing looks like a command."""
    own = "version" if kind == APPLICATION else "agent_version"
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.claim(bench.device)
        for number in ("1.1.0", "1.2.0"):
            bench.upload(payloads.make(kind, number))
            run.wait(f"{number} is confirmed")
            run.reports(3)
            assert version(bench) == bench.info()["state"][own] == number
        assert asked(bench) == 2 and run.count(TRIAL) == 2
    assert not [request for request in bench.cloud.requests() if request["path"].endswith("/command")
                and request["method"] == "POST"]


@kinds
def test_what_crashes_is_rolled_back_and_not_tried_again(bench, kind):
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.claim(bench.device)
        bench.upload(payloads.make(kind, "1.1.0", CRASH))
        run.wait("1.1.0 failed its trial, 1.0.0 runs again: ")
        run.wait("not taken: this .* has failed here before")
        run.reports(3)
        assert run.count(TRIAL) == 1 and run.count("--- boot") == 4 and version(bench) == "1.0.0"
        said = told(bench.cloud, "last_update")
        assert any(text.startswith("1.1.0 failed its trial") for text in said) and "has failed here" in said[-1]
        bench.upload(payloads.make(kind, "1.2.0"))
        run.wait("1.2.0 is confirmed")
        run.reports(2)
        assert version(bench) == "1.2.0" and bench.info()["state"]["last_update"] == ""


@kinds
def test_power_lost_during_the_download_and_on_trial(bench, kind):
    """The download goes on where it was once the file is offered again; the trial is repeated without asking."""
    update = payloads.large(kind, "1.1.0", 400)
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.settings(download_bytes_per_s=400_000)
        file = bench.upload(update)
        run.wait("[45]0 % of 1.1.0")
    bench.cloud.settings(download_bytes_per_s=0)
    on_trial = bench.board.run(30, until=lambda line: "is on trial for" in line)
    assert not found("from byte 0$", on_trial.lines)
    with Powered(bench.board) as run:
        run.wait("1.1.0 is confirmed")
        run.reports(2)
        assert run.count(TRIAL + " 2") == 1
    assert update.size <= bench.cloud.file(file)["bytes_sent"] <= update.size + PIECE


def test_what_is_not_signed_is_refused_once_and_told(bench):
    with Powered(bench.board) as run:
        run.reports(2)
        file = bench.upload(payloads.make(APPLICATION, "1.1.0").saying(signature=None))
        run.wait("not taken: the file is not signed")
        run.reports(5)
        assert asked(bench) == 1 and bench.cloud.file(file)["bytes_sent"] == 0
    assert told(bench.cloud, "last_update")[-1] == "the newest file is not taken: the file is not signed"


def test_a_command_for_it_comes_first(bench):
    with Powered(bench.board) as run:
        run.reports(2)
    sent = bench.send(payloads.make(APPLICATION, "1.1.0"))
    with Powered(bench.board) as run:
        sent.done(run)
        run.reports(3)
    assert asked(bench) == 0 and run.count(TRIAL) == 1


def test_what_calls_itself_by_another_version_is_taken_once(bench):
    """As stock firmware does beside an agent of files. It would be the newest one for ever."""
    files = payload.files_in(payloads.application("1.1.0"))
    files["main.py"] = files["main.py"].replace(b"1.1.0", b"1.0.9")
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.claim(bench.device)
        bench.upload(payloads.signed(payload.tar(files), "1.1.0"))
        run.wait("1.1.0 is confirmed")
        run.wait("not taken: this application has failed here before")
        run.reports(3)
        assert run.count(TRIAL) == 1 and version(bench) == "1.0.9"
