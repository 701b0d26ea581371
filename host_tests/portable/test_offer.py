"""A newer file that telemetry's answer names: left alone unless the settings say so, and asked for sparingly."""

from fakes.cloud import GET_FILE
from fakes.desk import SETTINGS, Desk, gaps
from fakes.server import response
from xyte import phase
from xyte.errors import CommandError

HOUR_S = 3600
STARTED = {"id": "c9", "name": "update_firmware", "phase": "started", "message": "", "reported": False}
UNUSABLE = {"id": "f1", "version": "9.0.0", "url": "http://localhost:1/f1", "checksum": None}


class Wordless(BaseException):
    def __str__(self):
        raise ValueError("no words")


def desk(files=(UNUSABLE,), prepare=None, every_s=10):
    desk = Desk("offer", settings=dict(SETTINGS, follow_latest=True, telemetry_interval_s=every_s), prepare=prepare)
    desk.cloud.files = list(files)
    return desk


def told(desk):
    values = [sent["telemetries"] for sent in desk.cloud.telemetries]
    return [value["last_update"] for value in values if "last_update" in value]


def test_off_by_default():
    one = Desk("offer")
    one.cloud.files = [UNUSABLE]
    one.run(300)
    assert not one.cloud.count(GET_FILE) and not told(one)


def test_a_refusal_stands_for_an_hour_and_is_told():
    one = desk(every_s=600)
    one.run(HOUR_S // 2)
    assert one.cloud.count(GET_FILE) == 1
    one.run(3 * HOUR_S)
    assert one.cloud.count(GET_FILE) == 2 and gaps(one, GET_FILE)[0] >= HOUR_S * 1000
    assert told(one)[0] == "" and told(one)[1].startswith("the newest file is not taken: the file has no usable")
    assert len(told(one)) == 2 and one.boots == 1


def test_another_file_is_tried_at_once():
    one = desk()
    one.run(60)
    one.cloud.files.append(dict(UNUSABLE, id="f2"))
    one.run(60)
    assert one.cloud.count(GET_FILE) == 2
    one.cloud.files.clear()
    one.run(300)
    one.cloud.files.append(UNUSABLE)
    one.run(60)
    assert one.cloud.count(GET_FILE) == 3


def test_the_cloud_refuses_or_says_nonsense():
    for answer in (response(429, headers=[("Retry-After", "60")]), response(200, b"<html>"), response(200, []), b"\0"):
        one = desk()
        one.cloud.says[GET_FILE] = answer
        one.run(60)
        assert one.cloud.count(GET_FILE) == 1 and one.boots == 1
        assert len(one.cloud.telemetries) > 3  # a silent server takes 30 s


def test_an_id_that_is_none():
    for ident in (5, True, [], "", "a b", "x" * 200, {"id": 1}):
        one = desk(files=[dict(UNUSABLE, id=ident)])
        one.run(60)
        assert not one.cloud.count(GET_FILE) and one.boots == 1, ident


def test_an_application_that_raises_when_asked():
    """It would fail a command; here nobody waits for an answer, and a crash would come again after each restart."""
    usable = "sha256:%s;size=10;kind=application" % ("0" * 64)
    for error, why in (
        (ValueError("a bug"), "ValueError: a bug"), (SystemExit("over"), "SystemExit: over"),
        (CommandError("busy"), "busy"), (Wordless(), "Wordless: "),
    ):  # fmt: skip

        def prepare(agent, error=error):
            @agent.before_update
            def ask(kind, version):
                raise error

        one = desk(files=[dict(UNUSABLE, checksum=usable)], prepare=prepare)
        one.start()
        one.chip.slots = lambda kind: Slots()
        one.run(120)
        assert one.boots == 1 and told(one)[-1] == "the newest file is not taken: " + why, told(one)


def test_a_command_comes_first():
    """Its outcome may still be owed: a restart for the newest file must not come between."""
    one = desk()
    one.cloud.send("c1", "nothing")
    one.cloud.says["update"] = response(500)
    one.run(60)
    assert not one.cloud.count(GET_FILE)
    del one.cloud.says["update"]
    one.run(600)
    assert one.cloud.count(GET_FILE) == 1 and one.cloud.outcomes["c1"][0][0] == "failed"


def test_it_waits_for_a_network():
    one = desk()
    one.cloud.says[GET_FILE] = response(500)
    one.run(60)
    assert one.cloud.count(GET_FILE) == 1
    one.cloud.says.clear()
    one.chip.link.is_up = False
    one.server.down = True
    one.server.hang_up()
    one.run(3 * HOUR_S)
    one.chip.link.is_up = True
    one.server.down = False
    one.run(60)
    assert one.cloud.count(GET_FILE) == 2, "no try was lost on a line that was known to be down"


class Slots:
    """Of a board that is not on trial."""

    running, spare, chip = "/", "/slot_a", "any"

    def settled(self):
        pass


def test_a_device_that_reports_once_for_each_waking_takes_it_too():
    one = desk(every_s=600)
    for _ in range(3):
        one.start("DEEPSLEEP_RESET")
        one.agent.run(for_s=60, reports=1)
        one.clock.sleep_ms(HOUR_S * 1000)
    assert one.cloud.count(GET_FILE) == 3 == len(one.cloud.telemetries)


def test_a_command_that_the_cloud_has_dropped_is_not_in_the_way():
    one = desk()
    one.start()
    one.run(30)
    one.cloud.calls.clear()
    phase.call("xyte.services.journal", "keep", one.agent._state, dict(STARTED, boot=one.chip.session))
    one.start()
    one.agent._state.commands["slow"] = (lambda params, progress: None, ())
    one.run(30)
    assert one.cloud.count(GET_FILE) == 1 and one.agent._state.journal[1]["reported"]
