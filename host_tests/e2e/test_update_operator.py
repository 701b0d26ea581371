"""What the operator does meanwhile: cancels, asks again, loses patience; and what the application has to say."""

import payloads
import pytest
from bench import Bench, as_new, make_updatable
from payloads import APPLICATION
from rig import Powered, found

kinds = pytest.mark.parametrize("kind", payloads.KINDS)
VETO = """
busy = ["the valve is open"]
@agent.before_update
def ask(kind, version):
    print("asked about %s %s" % (kind, version))
    return busy.pop() if busy else None
"""
GONE = [{"cancel_in_progress": True, "update_command_cancelled_id": 404},
        {"cancel_in_progress": True, "update_command_cancelled_id": 422}]


@pytest.fixture
def cloud(shared_cloud):
    return as_new(shared_cloud)


@pytest.fixture
def bench(tmp_path, cloud):
    return Bench(tmp_path, cloud, make_updatable(tmp_path / "board", cloud))


@kinds
@pytest.mark.parametrize("settings", GONE, ids=["404", "422"])
def test_cancelled_during_the_download(bench, kind, settings):
    bench.cloud.settings(**settings, download_bytes_per_s=400_000)
    update = payloads.large(kind, "1.1.0", 300)
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(update)
        run.wait(r"\d0 % of 1.1.0")
        sent.cancel()
        run.wait("withdrawn by the operator")
        run.reports(3)
        assert sent.now()["status"] == "cancelled"
        assert run.count("restarting into") == 0 and sent.bytes_sent() < update.size
        bench.cloud.settings(download_bytes_per_s=0)
        bench.again(sent.file).done(run)


@kinds
def test_cancelled_before_it_is_fetched(bench, kind):
    with Powered(bench.board) as run:
        run.reports(2)
    sent = bench.send(payloads.make(kind, "1.1.0"))
    sent.cancel()
    with Powered(bench.board) as run:
        run.reports(3)
    assert sent.now()["status"] == "cancelled" and sent.bytes_sent() == 0 and run.count("running update") == 0


@kinds
@pytest.mark.parametrize("settings", GONE, ids=["404", "422"])
def test_cancelled_during_a_reset_of_the_download(bench, kind, settings):
    """The board comes back, has half of the file, and hears that nobody wants it any more."""
    bench.cloud.settings(**settings, download_bytes_per_s=400_000)
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.large(kind, "1.1.0", 300))
        run.wait(r"\d0 % of 1.1.0")
    sent.cancel()
    bench.cloud.settings(download_bytes_per_s=0)
    with Powered(bench.board) as run:
        run.reports(4)
        assert run.count("restarting into") == 0
        bench.again(sent.file).done(run)


@kinds
@pytest.mark.parametrize("settings", GONE, ids=["404", "422"])
def test_cancelled_on_trial(bench, kind, settings):
    """Too late: the new code proves itself and stays; the report is not wanted, and the board goes on."""
    bench.cloud.settings(**settings)
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.make(kind, "1.1.0"))
        run.wait("is on trial for")
        bench.board.outage(True)
        sent.cancel()
        bench.board.outage(False)
        run.wait("1.1.0 is confirmed")
        run.reports(3)
        assert bench.info()["firmware"]["version"] == "1.1.0"
        bench.send(payloads.make(kind, "1.2.0")).done(run)
    assert run.count("--- boot") == 3


@kinds
def test_a_device_deleted_during_the_download(bench, kind):
    """Its commands have vanished with it: the board gives the download up or finishes it, and registers anew."""
    bench.cloud.settings(download_bytes_per_s=400_000)
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(payloads.large(kind, "1.1.0", 300))
        run.wait(r"\d0 % of 1.1.0")
        bench.cloud.delete_device(bench.device)
        run.wait("registered as", times=2, timeout=60)
        run.reports(2)
        bench.cloud.settings(download_bytes_per_s=0)
        bench.send(payloads.make(kind, "1.2.0")).done(run)


@kinds
def test_the_application_says_not_now(tmp_path, cloud, kind):
    board = make_updatable(tmp_path / "board", cloud, main=payloads.main_with(VETO))
    bench = Bench(tmp_path, cloud, board)
    with Powered(board) as run:
        run.reports(2)
        sent = bench.send(payloads.make(kind, "1.1.0"))
        assert sent.failed(run) == "not now: the valve is open"
        assert sent.bytes_sent() == 0
        bench.again(sent.file).done(run)
    assert found(f"asked about {kind} 1.1.0", run.lines)


@kinds
def test_the_version_is_told_before_done(bench, kind):
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.make(kind, "1.1.0")).done(run)
    calls = [request for request in bench.cloud.requests() if bench.device in request["path"]]
    told = next(i for i, call in enumerate(calls)
                if call["method"] == "PUT" and call["body"] == {"firmware_version": "1.1.0"})
    done = next(i for i, call in enumerate(calls) if call["method"] == "POST" and call["path"].endswith("/command")
                and call["body"] == {"id": sent.id, "status": "done", "message": "running 1.1.0"})
    assert told < done


def test_a_throttled_update_device_does_not_hold_up_done(bench):
    bench.cloud.settings(update_device_per_hour=1)
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(payloads.make(APPLICATION, "1.1.0")).done(run)
        bench.send(payloads.make(APPLICATION, "1.2.0")).done(run)
        assert found("version not taken: HTTP 429", run.lines)
        run.reports(2)


def test_the_version_that_runs_already(bench):
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.make(APPLICATION, "1.0.0")).done(run)
        assert sent.now()["message"] == "already running 1.0.0" and sent.bytes_sent() == 0


@kinds
def test_packed(bench, kind):
    with Powered(bench.board) as run:
        run.reports(2)
        update = payloads.make(kind, "1.1.0").gzip()
        sent = bench.send(update).done(run)
        print(f"\nfigure: {kind}, packed: {sent.bytes_sent()} bytes for {len(payloads.make(kind, '1.1.0').data)}")
        assert bench.info()["firmware"]["version"] == "1.1.0"
