"""The updater: it has the board to itself, and whatever comes of it, an application is next."""

import payloads
import pytest
from payloads import APPLICATION
from rig import MAIN, RUN, Powered, found, registered

FETCH = "restarting to fetch"
kinds = pytest.mark.parametrize("kind", payloads.KINDS)
BROKEN = """
def _linked(chip):
    raise ValueError("a bug")
"""
HUNG = """
def _linked(chip):
    while True:
        pass
"""
OWN_LINK = """
import network
class Link:
    history = None
    def __init__(self):
        self.wlan = network.WLAN(network.WLAN.IF_STA)
        self.wlan.active(True)
        self.wlan.connect("virtual-ap", "virtual-key")
    def step(self):
        return self.wlan.isconnected()
    def rssi(self):
        return None
    def heard(self):
        pass
    def failed(self, error):
        pass
"""


@kinds
def test_the_application_is_not_there_meanwhile(bench, kind):
    """What it has on the heap, or does, cannot come between: its code does not run."""
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(payloads.make(kind, "1.1.0")).done(run)
    begin = next(i for i, line in enumerate(run.lines) if FETCH in line)
    end = next(i for i, line in enumerate(run.lines) if "for trial" in line)
    assert not found("telemetry .* accepted|on trial", run.lines[begin:end])
    assert run.count(FETCH) == 1 and run.count("--- boot") == 3


@kinds
def test_without_a_network_the_application_goes_on(bench, kind):
    """And the update with it, once the network is back."""
    with Powered(bench.board) as run:
        run.reports(2)
        run.at(FETCH, lambda: bench.board.outage(True))
        sent = bench.send(payloads.make(kind, "1.1.0"))
        run.wait("no network for 120 s: later", timeout=40)
        run.wait("agent: version 1.0.0")
        assert not sent.over()
        bench.board.outage(False)
        sent.done(run)
        assert run.count(FETCH) == 2 and not run.count("crash:")


@pytest.mark.parametrize("code", [BROKEN, HUNG], ids=["crash", "hang"])
def test_an_updater_that_fails_leaves_the_application(make_bench, code):
    """The board tells of it, tries a dozen times, and the operator hears that it was given up."""
    bench = make_bench(speed=80, firmware=payloads.firmware("1.0.0", {"updater.py": code}))
    with Powered(registered(bench.board)) as run:
        run.reports(1)
        sent = bench.send(payloads.make(APPLICATION, "1.1.0"))
        assert sent.failed(run, timeout=100) == "given up after 12 starts"
        run.reports(2)
    assert run.count(FETCH) == 12 and sent.bytes_sent() == 0
    assert found("crash: before this start:.*" if code is BROKEN else "started after WDT_RESET", run.lines)
    assert not found("safe mode|does not stay up", run.lines)


@kinds
def test_a_link_of_the_applications_own(make_bench, kind):
    """Only the application can bring up the network: the update is fetched beside it."""
    main = OWN_LINK + MAIN.replace('Agent(version="1.0.0")', 'Agent(version="1.0.0", link=Link())') + RUN
    bench = make_bench(main=main, settings={"wifi": []})
    with Powered(bench.board) as run:
        run.reports(2)
        update = payloads.make(kind, "1.1.0") if kind != APPLICATION else payloads.signed(
            payloads.application("1.1.0", main), "1.1.0")
        bench.send(update).done(run)
        assert run.count(FETCH) == 0 and run.count("--- boot") == 2
        message = bench.send(payloads.make(kind, "1.2.0").saying(signature="AAAA")).failed(run)
        assert "signature is damaged" in message


def test_from_safe_mode(bench):
    """The files in the root fetch it, whatever lies in the slots."""
    board = bench.board
    with Powered(board) as run:
        run.reports(2)
        bench.send(payloads.make(APPLICATION, "1.1.0")).done(run)
    board.settings.speed = 60  # ten boots that end in the watchdog
    board.settings.save(board.folder)
    board.write_file("/slot_a/main.py", b"raise ValueError('broken')\n")
    board.write_file("/main.py", b"raise ValueError('broken')\n")
    with Powered(board) as run:
        run.wait("safe mode", timeout=60)
        run.reports(1, timeout=40)
        assert bench.info()["firmware"]["version"] == "1.1.0" and bench.info()["state"]["version"] == "0.0.0"
        bench.send(payloads.make(APPLICATION, "1.2.0")).done(run, timeout=60)
        assert bench.info()["firmware"]["version"] == "1.2.0"
