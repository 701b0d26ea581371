"""Must show 3: new code that crashes, hangs, does not reach the cloud or fails its self-test goes away by itself.

The update is reported `failed` with the reason, the image is not tried again, the old version goes on reporting.
"""

import textwrap
from contextlib import closing

import payloads
import pytest
from payloads import APPLICATION, FIRMWARE
from rig import Powered, found, identity, registered
from update_bench import Bench, make_updatable

from tools.board.flash import Flash

TRIAL = "restarting into .* for trial"
SECOND_SLOT = 0x190000  # of the OTA table
SPEED = 60  # the window of a trial, 300 s, in five
DEAF = """
import xyte.device.stream
from xyte.errors import LinkError
def deaf(self, tls, host, port, pause):
    raise LinkError("no way out")
xyte.device.stream.Connector.__call__ = deaf
"""
SELF_TEST = """
from xyte import VERSION
@agent.self_test
def pump():
    if VERSION == "1.1.0":
        raise ValueError("the pump does not turn")
"""
CRASH = "raise ValueError('no such sensor')\n"
CRASH_LATER = """
def step():
    raise ValueError("no such sensor")
agent.step = step
"""
NO_SELF_TEST = "@agent.self_test\ndef no():\n    return False\n"
HUNG = "watchdog: the application hung, or main.py ended without agent.run()"  # outside of agent.run(), nobody notes it
NO_TELEMETRY = "no telemetry was accepted within 300 s"

# case: kind, code of the new version, what the operator is told
CASES = {
    "firmware-crash": (FIRMWARE, CRASH, HUNG),
    "application-crash": (APPLICATION, CRASH, HUNG),
    "application-crash-later": (APPLICATION, CRASH_LATER, "ValueError: no such sensor"),
    "firmware-without-a-module": (FIRMWARE, "import nowhere\n", HUNG),
    "firmware-hang": (FIRMWARE, "while True: pass\n", HUNG),
    "application-hang": (APPLICATION, "while True: pass\n", HUNG),
    "firmware-deaf": (FIRMWARE, DEAF, NO_TELEMETRY),
    "application-deaf": (APPLICATION, DEAF, NO_TELEMETRY),
    "firmware-self-test": (FIRMWARE, "", "self-test ValueError: the pump does not turn"),
    "application-self-test": (APPLICATION, NO_SELF_TEST, "self-test returned False"),
    "application-ends": (APPLICATION, "raise SystemExit\n", "restarted before it was confirmed (SOFT_RESET)"),
}


@pytest.fixture
def make_bench(make_bench):
    """Where trials go by quickly; its board has registered."""
    def make(**more):
        bench = make_bench(speed=SPEED, **more)
        registered(bench.board)
        return bench

    return make


@pytest.mark.parametrize("case", CASES)
def test_bad_code_is_rolled_back_and_told(make_bench, case):
    kind, code, reason = CASES[case]
    bench = make_bench(main=payloads.main_with(SELF_TEST))
    with Powered(bench.board) as run:
        run.reports(2)
        kept = bench.device
        sent = bench.send(payloads.make(kind, "1.1.0", code))
        message = sent.failed(run)
        print(f"\n{case}: {message}")
        assert run.count(TRIAL) == 1
        assert message.startswith("1.1.0 failed its trial, 1.0.0 runs again: ")
        assert reason in message
        run.reports(2)
        again = bench.again(sent.file)
        assert "has failed here before" in again.failed(run)
        seen = len(run.lines)
        run.reports(3)
        assert not found("--- boot", run.lines[seen:])
    assert run.count(TRIAL) == 1
    assert run.count("--- boot ") == 4, run.lines  # power-up, updater, trial, back
    assert bench.device == identity(bench.board)["id"] == kept
    assert bench.info()["firmware"]["version"] == "1.0.0"
    assert (bench.info()["state"]["version"], bench.info()["state"]["agent_version"]) == ("1.0.0", "1.0.0")


@pytest.mark.parametrize(("kind", "trouble"), [(FIRMWARE, "status"), (APPLICATION, "certificate")])
def test_only_a_verified_200_confirms(tmp_path, own_cloud, kind, trouble):
    """The cloud answers the trial's telemetries with 503, or cannot prove who it is. Then all is well again."""
    board = registered(make_updatable(tmp_path / "board", own_cloud, speed=SPEED))
    bench = Bench(tmp_path, own_cloud, board)
    with Powered(board) as run:
        run.reports(2)
        run.at("is on trial for", lambda: board.outage(True))
        sent = bench.send(payloads.make(kind, "1.1.0"))
        run.wait("is on trial for")
        if trouble == "status":
            own_cloud.faults([{"action": "status", "status": 503, "count": -1, "match": {"path": "/telemetry"}}])
        else:
            own_cloud.restart(certificate="wrong-ca")
        board.outage(False)
        run.wait("refused: HTTP 503" if trouble == "status" else "not trusted, nothing was sent")
        run.wait(NO_TELEMETRY)
        if trouble == "status":
            own_cloud.faults([])
        else:
            own_cloud.restart(certificate="good")
        assert sent.failed(run) == f"1.1.0 failed its trial, 1.0.0 runs again: {NO_TELEMETRY}"
    assert run.count("is confirmed") == 0


@pytest.mark.parametrize("kind", payloads.KINDS)
def test_bad_code_after_bad_code(bench, kind):
    """After a lost trial the bootloader counts on as if it had never been; the next one is a trial of its own."""
    with Powered(bench.board) as run:
        run.reports(2)
        for version in ("1.1.0", "1.2.0"):
            message = bench.send(payloads.make(kind, version, CRASH)).failed(run)
            assert message.startswith(f"{version} failed its trial, 1.0.0 runs again: ")
        bench.send(payloads.make(kind, "1.3.0")).done(run)
    assert run.count(TRIAL) == 3
    assert bench.info()["firmware"]["version"] == "1.3.0"


@pytest.mark.parametrize("kind", payloads.KINDS)
def test_power_lost_while_bad_code_hangs(bench, kind):
    """What anybody does to a device that hangs. It says nothing about the code, so it gets one more trial."""
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.make(kind, "1.1.0", "print('hung')\nwhile True: pass\n"))
        run.wait("hung")
    with Powered(bench.board) as run:
        assert sent.failed(run).startswith("1.1.0 failed its trial, 1.0.0 runs again: ")
        run.reports(2)
    assert run.count(TRIAL) == 1


def test_trial_after_an_image_has_gone_bad(bench):
    """The bootloader has fallen back without a word: the slot is still the one that was chosen, and confirmed."""
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(payloads.make(FIRMWARE, "1.1.0")).done(run)
    with closing(Flash(bench.board.folder / "flash.bin")) as flash:
        flash.program(SECOND_SLOT + 0x2000, bytes(16))
    with Powered(bench.board) as run:
        run.reports(2)
        message = bench.send(payloads.make(FIRMWARE, "1.2.0", CRASH)).failed(run)
        assert message.startswith("1.2.0 failed its trial, 1.0.0 runs again: ")
        bench.send(payloads.make(FIRMWARE, "1.3.0")).done(run)


def test_application_that_sleeps_cannot_sleep_through_a_trial(make_bench):
    """Deep sleep is no restart for the bootloader: it would start the firmware on trial again and again."""
    main = payloads.MAIN + "agent.run(for_s=60, reports=1)\nimport machine\nmachine.deepsleep(60000)\n"
    bench = make_bench(main=main)
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.make(FIRMWARE, "1.1.0", DEAF))
        assert sent.failed(run) == f"1.1.0 failed its trial, 1.0.0 runs again: {NO_TELEMETRY}"
        run.wait("DEEPSLEEP_RESET", after=len(run.lines))


def test_application_that_comes_while_the_one_in_use_does_not_stay_up(bench):
    """The files in the root run then, and the slot in use is still that of the application that crashed."""
    flaw = "import os\nif 'flaw' in os.listdir('/'):\n    raise ValueError('flaw')\n"
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(payloads.make(APPLICATION, "1.1.0", flaw)).done(run)
    bench.board.write_file("/flaw", b"x")
    with Powered(bench.board) as run:
        run.wait("back to the files in the root")
        run.reports(2)
        message = bench.send(payloads.make(APPLICATION, "1.2.0", CRASH)).failed(run)
        assert message.startswith("1.2.0 failed its trial, 1.0.0 runs again: ")
        bench.send(payloads.make(APPLICATION, "1.3.0")).done(run)
    assert run.count(TRIAL) == 2


def test_firmware_that_does_not_take_the_settings_goes_back(make_bench):
    """It cannot even begin, and so cannot see that its time is over by the usual way."""
    bench = make_bench(settings={"hostname": "pump"})
    code = textwrap.dedent("""
        def wire(self, real=Agent._wire):
            import xyte.core.settings_rules as rules
            rules._KEYS.pop("hostname", 0)
            return real(self)
        Agent._wire = wire
        """)
    with Powered(bench.board) as run:
        run.reports(2)
        message = bench.send(payloads.make(FIRMWARE, "1.1.0", code)).failed(run)
        assert message == "1.1.0 failed its trial, 1.0.0 runs again: it does not take the settings"
        run.reports(2)
