"""Commands carried out: reports, refusals, and flash or cloud failing on the way."""

from asyncio import CancelledError

from fakes.chip import FakeChip, FakeClock, FakeKeys
from fakes.cloud import UPDATE_COMMAND, FakeCloud
from fakes.desk import SETTINGS, Desk
from fakes.server import FakeServer, response
from xyte.core.settings_rules import read
from xyte.errors import CommandError, LinkError, RefusedError, StoreError
from xyte.phases import aftermath, errand, obedience
from xyte.services import journal
from xyte.services.cloud import Cloud
from xyte.services.http import Session
from xyte.state import State

CUT = b"no answer that could be read\r\n\r\n"


class Line:
    """Between device and cloud. fails: what goes wrong with the next requests, in turn: a status, CUT, or None."""

    def __init__(self, cloud):
        self.cloud, self.fails = cloud, []

    def __call__(self, *request):
        fault = self.fails.pop(0) if self.fails else None
        return self.cloud(*request) if fault is None else CUT if fault == CUT else response(fault, {"error": "x"})


class Wordless(Exception):
    def __str__(self):
        raise ValueError("no words")


class Bench:
    def __init__(self, keys=None):
        self.cloud, self.keys = FakeCloud(), keys or FakeKeys()
        self.cloud.devices["k"] = "d"
        self.line = Line(self.cloud)
        self.ran = []
        self.start()

    def start(self, cause="HARD_RESET", session="s1"):
        http = Session(FakeServer(self.line), FakeClock(), dict, 1024)
        self.state = State(FakeChip("", None, cause, session, self.keys), http)
        self.state.settings = read(SETTINGS)
        self.state.cloud = Cloud(http, self.state.settings)
        self.state.cloud.use({"id": "d", "access_key": "k", "hub_url": ""})
        self.state.commands = {name: (getattr(self, name), ()) for name in ("act", "fail", "bug", "stop")}
        aftermath.settle(self.state)

    def entry(self):
        return self.state.journal[1]

    def owes(self):
        return not self.entry()["reported"]

    def act(self, params, progress):
        self.ran.append(params)

    def fail(self, params, progress):
        raise CommandError("valve stuck")

    def bug(self, params, progress):
        return params["x"] / 0

    def stop(self, params, progress):
        self.ran.append(params)
        raise KeyboardInterrupt

    def forget(self, body):
        """An Update Command that the cloud takes, and forgets."""
        self.cloud.updates.append((body["id"], body["status"], body.get("message", "")))
        return response(200, {})

    def drain(self):
        """As Cycle does. Returns the exception, or None."""
        try:
            command = obedience.next_command(self.state)
            while command:
                errand.carry_out(self.state, command)
                command = obedience.next_command(self.state)
        except (LinkError, RefusedError, StoreError, KeyboardInterrupt) as e:
            return e


def test_outcomes():
    b = Bench()
    for name in ("act", "fail", "bug", "sing"):
        b.cloud.send(name, name, x=1)
    b.cloud.send(7, "act")
    assert b.drain() is None
    told = {ident: b.cloud.outcomes[ident][0] for ident in b.cloud.outcomes}
    assert told["act"] == ("done", "") and told["fail"] == ("failed", "valve stuck") and told[7][0] == "done"
    assert told["bug"][0] == "failed" and told["bug"][1].startswith("ZeroDivisionError")
    assert told["sing"][0] == "failed" and "unknown command" in told["sing"][1]
    assert b.ran == [{"x": 1}, {}]


def test_every_failure_of_the_line_is_made_good_without_a_second_run():
    for error in (CUT, 500, 429, 401):
        for good in range(6):
            b = Bench()
            b.cloud.send("c", "act")
            b.line.fails = [None] * good + [error]
            b.drain()
            for _ in range(3):
                b.drain()
            assert b.cloud.outcomes == {"c": [("done", "")]}, (error, good)
            assert b.ran == [{}]


def test_a_line_that_never_works_runs_it_once():
    b = Bench()
    b.cloud.send("c", "act")
    b.line.fails = [None, None] + [CUT] * 50
    for _ in range(40):
        b.drain()
    assert b.ran == [{}] and not b.cloud.outcomes
    b.start(session="s2")
    b.line.fails = []
    b.drain()
    assert b.ran == [{}] and b.cloud.outcomes == {"c": [("done", "")]}


def test_dead_flash_runs_nothing():
    b = Bench()
    b.keys.broken = True
    b.cloud.send("c", "act")
    assert isinstance(b.drain(), StoreError) and b.ran == []
    b.keys.broken = False
    assert b.drain() is None and b.ran == [{}]


def test_flash_that_dies_after_the_deed_does_not_repeat_it():
    b = Bench()
    b.cloud.send("c", "act")

    def act_and_break(params, progress):
        b.ran.append(params)
        b.keys.broken = True

    b.state.commands["act"] = act_and_break, ()
    assert isinstance(b.drain(), StoreError)
    b.drain()
    assert b.ran == [{}] and b.cloud.outcomes == {"c": [("done", "")]}


def test_what_a_restart_interrupted():
    update = SETTINGS.get("update_command", "update_firmware")
    for name, phase, boot, want in (
        ("act", "started", "old", ("failed", "interrupted by a restart (WDT_RESET); not run again")),
        ("gone", "started", "old", ("failed", "interrupted by a restart (WDT_RESET); not run again")),
        ("reboot", "started", "old", ("done", "restarted (WDT_RESET)")),
        (update, "started", "old", ("failed", "interrupted by a restart (WDT_RESET) before it began")),
        ("act", "started", "s2", ("started", "")),
        ("reboot", "done", "old", ("done", "")),
        ("act", "failed", "old", ("failed", "")),
    ):
        b = Bench()
        journal.keep(b.state, {"id": "c", "name": name, "phase": phase, "message": "", "boot": boot, "reported": False})
        b.start("WDT_RESET", "s2")
        assert (b.entry()["phase"], b.entry()["message"]) == want, (name, phase, boot)
    b = Bench()
    begun = {"id": "c", "name": update, "phase": "started", "message": "", "boot": "old", "reported": False}
    journal.keep(b.state, begun)
    b.start("PWRON_RESET", "s2")
    assert (b.entry()["phase"], b.entry()["boot"]) == ("started", "s2"), "it goes on"


def test_flash_dead_at_the_start_still_settles():
    b = Bench()
    b.cloud.send("c", "act")
    b.line.fails = [None, CUT]
    b.drain()
    b.keys.broken = True
    b.start(session="s2")
    assert b.owes()
    b.drain()
    assert b.cloud.outcomes["c"][0][0] == "failed" and b.ran == []


def test_withdrawn_before_it_started_is_not_run():
    for status in (404, 409, 410, 422):
        b = Bench()
        b.cloud.send("c", "act")
        b.line.fails = [None, status]
        b.cloud.says[UPDATE_COMMAND] = b.forget
        assert b.drain() is None
        assert b.ran == [], status
        assert ("c", "done", "") not in b.cloud.updates


def test_a_report_nobody_wants_is_not_repeated():
    for status in (404, 409, 410, 422):
        b = Bench()
        b.cloud.send("c", "act")
        b.line.fails = [None, None, status]
        b.cloud.queue.append(b.cloud.queue[0])
        b.drain()
        assert not b.owes(), status


def test_whatever_a_handler_raises_is_the_failure_of_its_command():
    for error, words in (
        (SystemExit(), "SystemExit: "),
        (CancelledError(), "CancelledError: "),
        (Wordless(), "Wordless: "),
        (MemoryError(), "MemoryError: "),
        (ValueError("x" * 20000), "ValueError: " + "x" * 488),
        (CommandError("x" * 20000), "x" * 500),
    ):
        b = Bench()

        def handler(params, progress):
            raise error  # noqa: B023 - called at once

        b.state.commands["act"] = handler, ()
        b.cloud.send("c", "act")
        assert b.drain() is None
        assert b.cloud.outcomes == {"c": [("failed", words)]}, words


def test_words_that_the_cloud_cannot_take_give_way_to_the_outcome():
    for status in (400, 413):
        b = Bench()
        b.state.commands["echo"] = lambda params, progress: "got it", ()
        b.cloud.send("c", "echo")
        b.cloud.send("d", "act")
        b.line.fails = [None, None, status]
        assert b.drain() is None
        assert b.cloud.outcomes == {"c": [("done", "")], "d": [("done", "")]} and b.ran == [{}], status


def test_a_report_that_is_never_taken_is_not_repeated_for_ever():
    for status in (400, 413):
        b = Bench()
        b.state.commands["echo"] = lambda params, progress: "got it", ()
        b.cloud.send("c", "echo")
        b.cloud.says[UPDATE_COMMAND] = lambda body: response(status) if body["status"] == "done" else None  # noqa: B023
        b.drain()
        assert not b.owes(), status
        b.cloud.queue.pop(0)  # as the cloud's time-out does
        b.cloud.says.clear()
        b.cloud.send("d", "act")
        assert b.drain() is None and b.cloud.outcomes == {"d": [("done", "")]}


def test_an_echo_of_any_character_is_a_report():
    b = Bench()
    b.state.commands["echo"] = lambda params, progress: "got " + params["x"], ()
    b.cloud.send("c", "echo")
    escaped = b'{"id":"c","status":"pending","name":"echo","parameters":{"x":"\\ud83d\\ude00 caf\\u00e9"}}'
    b.cloud.says["get"] = lambda body: response(200, escaped) if b.cloud.queue else None
    assert b.drain() is None
    (outcome,) = b.cloud.outcomes["c"]
    assert outcome in (("done", "got ?? caf\u00e9"), ("done", "got \U0001f600 caf\u00e9"))


def test_found_in_progress_without_a_record():
    b = Bench()
    b.cloud.send("c", "act")
    b.cloud.queue[0]["status"] = "in_progress"
    b.drain()
    assert b.ran == [] and "no record" in b.cloud.outcomes["c"][0][1]


def test_a_cloud_that_keeps_showing_a_finished_command_is_told_once_a_cycle():
    b = Bench()
    b.cloud.send("c", "act")
    b.cloud.says[UPDATE_COMMAND] = b.forget
    b.drain()
    for _ in range(5):
        before = len(b.cloud.updates)
        b.drain()
        assert len(b.cloud.updates) - before == 1
    assert b.ran == [{}]


def test_ctrl_c_in_a_command_is_no_second_run():
    b = Bench()
    b.cloud.send("c", "stop")
    assert isinstance(b.drain(), KeyboardInterrupt)
    b.drain()
    assert b.ran == [{}] and b.cloud.outcomes == {"c": [("failed", "stopped from the console")]}


def test_a_torn_journal_is_no_journal():
    b = Bench()
    b.cloud.send("c", "act")
    b.drain()
    data = b.keys.values["command"]
    for length in range(0, len(data), 5):
        b.keys.values["command"] = data[:length]
        b.start(session="s2")
        assert b.entry() is None


def test_what_keeps_an_outcome_from_being_noted_is_no_second_run():
    runs = []

    def run(params, progress):
        runs.append(1)
        raise GeneratorExit  # the loop of the user's own is ended around us

    desk = Desk("ended", prepare=lambda agent: agent.command("ended")(run))
    desk.run(15)
    desk.cloud.send("c1", "ended")
    for _ in range(60):  # and lives on
        try:
            desk.agent.step()
        except GeneratorExit:
            pass
        desk.clock.sleep_ms(1000)
    assert runs == [1] and desk.cloud.outcomes["c1"] == [("failed", "not carried out to its end")]
