"""Commands carried out: reports, refusals, and flash or cloud failing on the way."""

from fakes.chip import FakeChip, FakeKeys
from fakes.cloud import FakeCloud
from fakes.desk import SETTINGS, Desk
from xyte.core.settings_rules import read
from xyte.errors import CommandError, LinkError, RefusedError, StoreError
from xyte.phases import aftermath, errand
from xyte.services.executor import Executor
from xyte.services.journal import Journal
from xyte.state import State


def refused(status):
    error = RefusedError("HTTP %d" % status)
    error.status = status
    return error


class Api:
    """Cloud's two command calls, straight into a FakeCloud. fails: exceptions to raise in turn (None: works)."""

    def __init__(self):
        self.cloud = FakeCloud()
        self.fails, self.forget = [], False

    def _maybe_fail(self):
        error = self.fails.pop(0) if self.fails else None
        if error:
            raise error

    def command(self):
        self._maybe_fail()
        queue = self.cloud.queue
        return dict(queue[0]) if queue else None

    def update_command(self, ident, status, message):
        self._maybe_fail()
        body = {"id": ident, "status": status, "message": message}
        if self.forget:
            self.cloud.updates.append((ident, status, message))
        elif b" 404 " in self.cloud._update(body)[:16]:
            raise refused(404)


class Bench:
    def __init__(self, keys=None):
        self.api, self.keys = Api(), keys or FakeKeys()
        self.ran = []
        self.start()

    def start(self, cause="HARD_RESET", session="s1"):
        self.state = State(FakeChip("", None, cause, session, self.keys))
        self.state.settings = read(SETTINGS)
        self.state.commands = {name: (getattr(self, name), ()) for name in ("act", "fail", "bug", "stop")}
        self.journal = Journal(self.keys, self.state.journal)
        self.journal.load()
        if self.journal.entry:
            aftermath.settle(self.state)
        known = {name: self.state.commands[name][1] for name in self.state.commands}
        self.executor = Executor(self.api, self.journal, known, session)

    def act(self, params, progress):
        self.ran.append(params)

    def fail(self, params, progress):
        raise CommandError("valve stuck")

    def bug(self, params, progress):
        return params["x"] / 0

    def stop(self, params, progress):
        self.ran.append(params)
        raise KeyboardInterrupt

    def drain(self):
        """As Cycle does. Returns the exception, or None."""
        try:
            command = self.executor.next()
            while command:
                errand.carry_out(self.state, command)
                self.journal.know(self.state.journal[1])
                command = self.executor.next()
        except (LinkError, RefusedError, StoreError, KeyboardInterrupt) as e:
            return e


def test_outcomes():
    b = Bench()
    for name in ("act", "fail", "bug", "sing"):
        b.api.cloud.send(name, name, x=1)
    b.api.cloud.send(7, "act")
    assert b.drain() is None
    told = {ident: b.api.cloud.outcomes[ident][0] for ident in b.api.cloud.outcomes}
    assert told["act"] == ("done", "") and told["fail"] == ("failed", "valve stuck") and told[7][0] == "done"
    assert told["bug"][0] == "failed" and told["bug"][1].startswith("ZeroDivisionError")
    assert told["sing"][0] == "failed" and "unknown command" in told["sing"][1]
    assert b.ran == [{"x": 1}, {}]


def test_every_failure_of_the_line_is_made_good_without_a_second_run():
    for error in (LinkError("x"), refused(500), refused(429), refused(401)):
        for good in range(6):
            b = Bench()
            b.api.cloud.send("c", "act")
            b.api.fails = [None] * good + [error]
            b.drain()
            for _ in range(3):
                b.drain()
            assert b.api.cloud.outcomes == {"c": [("done", "")]}, (error, good)
            assert b.ran == [{}]


def test_a_line_that_never_works_runs_it_once():
    b = Bench()
    b.api.cloud.send("c", "act")
    b.api.fails = [None, None] + [LinkError("down")] * 50
    for _ in range(40):
        b.drain()
    assert b.ran == [{}] and not b.api.cloud.outcomes
    b.start(session="s2")
    b.api.fails = []
    b.drain()
    assert b.ran == [{}] and b.api.cloud.outcomes == {"c": [("done", "")]}


def test_dead_flash_runs_nothing():
    b = Bench()
    b.keys.broken = True
    b.api.cloud.send("c", "act")
    assert isinstance(b.drain(), StoreError) and b.ran == []
    b.keys.broken = False
    assert b.drain() is None and b.ran == [{}]


def test_flash_that_dies_after_the_deed_does_not_repeat_it():
    b = Bench()
    b.api.cloud.send("c", "act")

    def act_and_break(params, progress):
        b.ran.append(params)
        b.keys.broken = True

    b.state.commands["act"] = act_and_break, ()
    assert isinstance(b.drain(), StoreError)
    b.drain()
    assert b.ran == [{}] and b.api.cloud.outcomes == {"c": [("done", "")]}


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
        b.journal.save({"id": "c", "name": name, "phase": phase, "message": "", "boot": boot, "reported": False})
        b.start("WDT_RESET", "s2")
        assert (b.journal.entry["phase"], b.journal.entry["message"]) == want, (name, phase, boot)
    b = Bench()
    b.journal.save({"id": "c", "name": update, "phase": "started", "message": "", "boot": "old", "reported": False})
    b.start("PWRON_RESET", "s2")
    assert (b.journal.entry["phase"], b.journal.entry["boot"]) == ("started", "s2"), "it goes on"


def test_flash_dead_at_the_start_still_settles():
    b = Bench()
    b.api.cloud.send("c", "act")
    b.api.fails = [None, LinkError("x")]
    b.drain()
    b.keys.broken = True
    b.start(session="s2")
    assert b.journal.owes()
    b.drain()
    assert b.api.cloud.outcomes["c"][0][0] == "failed" and b.ran == []


def test_withdrawn_before_it_started_is_not_run():
    for status in (404, 409, 410, 422):
        b = Bench()
        b.api.cloud.send("c", "act")
        b.api.fails = [None, refused(status)]
        b.api.forget = True
        assert b.drain() is None
        assert b.ran == [], status
        assert ("c", "done", "") not in b.api.cloud.updates


def test_a_report_nobody_wants_is_not_repeated():
    for status in (404, 409, 410, 422):
        b = Bench()
        b.api.cloud.send("c", "act")
        b.api.fails = [None, None, refused(status)]
        b.api.cloud.queue.append(b.api.cloud.queue[0])
        b.drain()
        assert not b.journal.owes(), status


def test_found_in_progress_without_a_record():
    b = Bench()
    b.api.cloud.send("c", "act")
    b.api.cloud.queue[0]["status"] = "in_progress"
    b.drain()
    assert b.ran == [] and "no record" in b.api.cloud.outcomes["c"][0][1]


def test_a_cloud_that_keeps_showing_a_finished_command_is_told_once_a_cycle():
    b = Bench()
    b.api.cloud.send("c", "act")
    b.api.forget = True
    b.drain()
    for _ in range(5):
        before = len(b.api.cloud.updates)
        b.drain()
        assert len(b.api.cloud.updates) - before == 1
    assert b.ran == [{}]


def test_ctrl_c_in_a_command_is_no_second_run():
    b = Bench()
    b.api.cloud.send("c", "stop")
    assert isinstance(b.drain(), KeyboardInterrupt)
    b.drain()
    assert b.ran == [{}] and b.api.cloud.outcomes == {"c": [("failed", "stopped from the console")]}


def test_a_torn_journal_is_no_journal():
    b = Bench()
    b.api.cloud.send("c", "act")
    b.drain()
    data = b.keys.values["command"]
    for length in range(0, len(data), 5):
        b.keys.values["command"] = data[:length]
        b.start(session="s2")
        assert b.journal.entry is None


def test_what_keeps_an_outcome_from_being_noted_is_no_second_run():
    runs = []

    class Wordless(Exception):
        def __str__(self):
            raise MemoryError

    def run(params, progress):
        runs.append(1)
        raise Wordless

    desk = Desk("wordless", prepare=lambda agent: agent.command("wordless")(run))
    desk.run(15)
    desk.cloud.send("c1", "wordless")
    for _ in range(60):  # a loop of the user's own, that lives on
        try:
            desk.agent.step()
        except MemoryError:
            pass
        desk.clock.sleep_ms(1000)
    assert runs == [1] and desk.cloud.outcomes["c1"] == [("failed", "not carried out to its end")]
