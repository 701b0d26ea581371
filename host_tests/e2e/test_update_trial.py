"""Must show 3 and 10: what ends a trial, how often one is tried, and that the way back is never spoilt meanwhile."""

import payloads
import pytest
from payloads import APPLICATION
from rig import Powered, found
from update_bench import Bench

kinds = pytest.mark.parametrize("kind", payloads.KINDS)
TRIAL = "restarting into .* for trial"


def up_to_trial(bench: Bench, kind: str, change: str = ""):
    """Until the new code runs on trial; then the power goes."""
    with Powered(bench.board) as run:
        run.reports(2)
        run.at("is on trial for", lambda: bench.board.outage(True))
        sent = bench.send(payloads.make(kind, "1.1.0", change))
        run.wait("is on trial for")
    bench.board.outage(False)
    assert not sent.over()
    return sent


@kinds
def test_power_lost_on_trial_is_tried_again(bench, kind):
    """The bootloader has gone back; the old code, told that it was the power, goes into the new code again."""
    sent = up_to_trial(bench, kind)
    with Powered(bench.board) as run:
        sent.done(run)
    assert run.count(TRIAL + " 2") == 1


@kinds
def test_power_lost_on_every_trial(bench, kind):
    """Three trials, then it is the update that is given up."""
    sent = up_to_trial(bench, kind)
    for trial in (2, 3):
        bench.board.outage(True)
        with Powered(bench.board) as run:
            run.wait(f"{TRIAL} {trial}")
            run.wait("is on trial for")
        assert not sent.over()
    bench.board.outage(False)
    with Powered(bench.board) as run:
        message = sent.failed(run)
        assert "restarted before it was confirmed (PWRON_RESET)" in message
        run.reports(2)
    assert run.count(TRIAL) == 0 and run.count("--- boot") == 1


@kinds
@pytest.mark.parametrize("code", ["while True: pass\n", "import machine\nmachine.reset()\n"], ids=["hang", "reset"])
def test_one_trial_when_it_was_not_the_power(bench, kind, code):
    with Powered(bench.board) as run:
        run.reports(2)
        message = bench.send(payloads.make(kind, "1.1.0", code)).failed(run)
        assert "1.1.0 failed its trial, 1.0.0 runs again" in message
        assert run.count(TRIAL) == 1


SPOIL = """
@agent.self_test
def spoil():
    from xyte.phases.update import update
    keys, kept = agent._chip.keys, agent._chip.keys.get("update")
    for name in ("switch", "update", "update with its record lost"):
        if name.endswith("lost"):
            keys.erase("update")
        try:
            agent._chip.slots("KIND").switch() if name == "switch" else update(agent._state, PARAMS, "another")
            print("spoil: %s went through" % name)
        except Exception as e:
            print("spoil: %s: %s" % (name, e))
    keys.set("update", kept)
"""
TWICE = """
reset = Chip.reset
class Chip(Chip):
    def reset(self):
        from xyte.services.update_record import read
        record = read(self.keys)
        if record and record["state"] == "switch":
            for i in range(2):
                self.slots(record["kind"]).switch()
            print("spoil: switched twice more")
        reset()
"""


@kinds
def test_the_way_back_is_not_touched_on_trial(make_bench, cloud, kind):
    """New code asks for a second boot choice and for a second update before it is confirmed."""
    other = payloads.make(kind, "1.2.0")
    params = other.fields | {"url": f"{cloud.https}/files/none/blob"}
    spoil = SPOIL.replace("PARAMS", repr(params)).replace("KIND", kind)
    bench = make_bench(main=payloads.main_with(spoil))
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(payloads.make(kind, "1.1.0", spoil if kind == APPLICATION else "")).done(run)
    said = found("^spoil: ", run.lines)
    assert len(said) == 3 and all("is on trial" in line for line in said), said


@kinds
def test_a_doubled_boot_choice_leaves_the_way_back(make_bench, kind):
    """Once more set_boot would overwrite the record of the slot that runs: bad code could not be rolled back."""
    bench = make_bench(firmware=payloads.firmware("1.0.0", {"updater.py": TWICE}))
    with Powered(bench.board) as run:
        run.reports(2)
        message = bench.send(payloads.make(kind, "1.1.0", "import machine\nmachine.reset()\n")).failed(run)
        assert "1.1.0 failed its trial, 1.0.0 runs again" in message
        run.reports(2)
        assert run.count("spoil: switched twice more") == 1 and run.count("--- boot") == 4
