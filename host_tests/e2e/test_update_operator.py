"""What the operator does meanwhile: cancels, asks again, loses patience; and what the application has to say."""

import payloads
import pytest
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
# What becomes of the command, and what the board's next report on it is answered with.
withdrawals = pytest.mark.parametrize(("how", "status"), [("cancelled", 404), ("cancelled", 422), ("vanished", 404)])


@pytest.fixture
def withdrawn(cloud, status):
    cloud.settings(cancel_in_progress=True, update_command_cancelled_id=status, update_command_unknown_id=status)


@kinds
@withdrawals
@pytest.mark.usefixtures("withdrawn")
def test_withdrawn_during_the_download(bench, kind, how):
    bench.cloud.settings(download_bytes_per_s=400_000)
    update = payloads.large(kind, "1.1.0", 300)
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(update)
        run.wait(r"\d0 % of 1.1.0")
        sent.withdraw(how)
        run.wait("withdrawn by the operator")
        run.reports(3)
        assert run.count("restarting into") == 0 and sent.bytes_sent() < update.size
        bench.cloud.settings(download_bytes_per_s=0)
        bench.again(sent.file).done(run)


@kinds
@pytest.mark.parametrize("how", ["cancelled", "vanished"])
def test_withdrawn_before_it_is_fetched(bench, kind, how):
    with Powered(bench.board) as run:
        run.reports(2)
    sent = bench.send(payloads.make(kind, "1.1.0"))
    sent.withdraw(how)
    with Powered(bench.board) as run:
        run.reports(3)
    assert sent.bytes_sent() == 0 and run.count("running update") == 0


@kinds
@withdrawals
@pytest.mark.usefixtures("withdrawn")
def test_withdrawn_during_a_reset_of_the_download(bench, kind, how):
    """The board comes back, has half of the file, and hears that nobody wants it any more."""
    bench.cloud.settings(download_bytes_per_s=400_000)
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.large(kind, "1.1.0", 300))
        run.wait(r"\d0 % of 1.1.0")
    sent.withdraw(how)
    bench.cloud.settings(download_bytes_per_s=0)
    with Powered(bench.board) as run:
        run.reports(4)
        assert run.count("restarting into") == 0
        bench.again(sent.file).done(run)


@kinds
@withdrawals
@pytest.mark.usefixtures("withdrawn")
@pytest.mark.parametrize("when", ["restarting into .* for trial", "is on trial for"], ids=["before", "on trial"])
def test_withdrawn_before_or_on_trial(bench, kind, how, when):
    """Too late: the new code proves itself and stays; the report is not wanted, and the board goes on."""
    with Powered(bench.board) as run:
        run.reports(2)
        run.at(when, lambda: sent.withdraw(how))
        sent = bench.send(payloads.make(kind, "1.1.0"))
        run.wait("1.1.0 is confirmed")
        run.wait("outcome no longer wanted")
        run.reports(3)
        assert bench.info()["firmware"]["version"] == "1.1.0"
        bench.send(payloads.make(kind, "1.2.0")).done(run)
    assert run.count("--- boot") == 5


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
def test_the_application_says_not_now(make_bench, kind):
    bench = make_bench(main=payloads.main_with(VETO))
    with Powered(bench.board) as run:
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


def test_progress_is_told_every_ten_percent(bench):
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.large(APPLICATION, "1.1.0", 700)).done(run)
    bodies = [request["body"] for request in bench.cloud.requests() if request["path"].endswith("/command")
              and request["method"] == "POST" and request["body"]["id"] == sent.id]
    told = [body["message"] for body in bodies if body["status"] == "in_progress" and "message" in body]
    assert told == [f"{percent} % of 1.1.0" for percent in range(10, 100, 10)]


def test_the_command_may_have_another_name(make_bench):
    bench = make_bench(settings={"update_command": "install"})
    cloud = bench.cloud
    with Powered(bench.board) as run:
        run.reports(2)
        update = payloads.make(APPLICATION, "1.1.0")
        file = bench.upload(update)
        params = update.fields | {"url": f"{cloud.https}/files/{file}/blob"}
        sent = cloud.send_command(bench.device, "install", params)
        run.wait("1.1.0 is confirmed")
        cloud.wait_for(lambda: cloud.command(sent)["status"] == "done", what="done")
        assert "unknown command 'update_firmware'" in bench.again(file).failed(run)


def test_a_download_that_never_gets_far_is_given_up(bench):
    """A supply that breaks down whenever flash is written must not keep the board busy for ever."""
    with Powered(bench.board) as run:
        run.reports(2)
    sent = bench.send(payloads.large(APPLICATION, "1.1.0", 200))
    for _ in range(12):
        started = bench.board.run(30, until=lambda line: "from byte" in line)
        assert found("from byte", started.lines) and not sent.over()
    with Powered(bench.board) as run:
        assert sent.failed(run) == "given up after 12 starts"
        run.reports(2)
        bench.again(sent.file).done(run)


@kinds
def test_packed(bench, kind):
    with Powered(bench.board) as run:
        run.reports(2)
        update = payloads.make(kind, "1.1.0").gzip()
        sent = bench.send(update).done(run)
        print(f"\nfigure: {kind}, packed: {sent.bytes_sent()} bytes for {len(payloads.make(kind, '1.1.0').data)}")
        assert bench.info()["firmware"]["version"] == "1.1.0"
