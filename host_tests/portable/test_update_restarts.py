"""An update at its turning points: the boot choice, and a start on flash that tells of one."""

from fakes.chip import FakeChip, Restarted
from xyte.core import update_rules, update_wish
from xyte.core.outcome import FAILED
from xyte.errors import CommandError
from xyte.phases import rollback
from xyte.services import trial, update_fetch, update_switch
from xyte.services.download import Download
from xyte.services.http import Session
from xyte.services.update_record import UpdateRecord
from xyte.state import State


class Slots:
    running, spare = "/", "/slot_a"

    def __init__(self):
        self.switches = 0

    def settled(self):
        pass

    def forget(self):
        pass

    def mark(self):
        return 0

    def switch(self):
        self.switches += 1


class Board:
    """With an update's record in this state, asked for by `command`."""

    def __init__(self, update_state, command):
        self.chip, self.slots = FakeChip("", None, "HARD_RESET"), Slots()
        self.chip.slots = lambda kind: self.slots
        self.state = State(self.chip, Session(None, self.chip.clock, dict), "1.0.0")
        self.record = UpdateRecord(self.state)
        self.record.save(
            state=update_state, command=command, kind=update_rules.APPLICATION, version="2.0.0", slot="/slot_a",
            sha256="0" * 64, size=512, trials=0, mark=0, message="",
        )  # fmt: skip


def test_no_more_than_three_trials_whatever_ended_them():
    for cause, switched, first in (
        ("PWRON_RESET", True, update_rules.TRY_AGAIN), ("UNKNOWN_RESET", True, update_rules.TRY_AGAIN),
        ("PWRON_RESET", False, update_rules.SWITCH_NOW), ("WDT_RESET", False, update_rules.SWITCH_NOW),
        ("WDT_RESET", True, update_rules.ROLLED_BACK),
    ):  # fmt: skip
        record = {"state": update_rules.SWITCH, "message": "", "trials": 2}
        assert update_rules.after_restart(record, cause, False, switched) == first
        record["trials"] = 3
        assert update_rules.after_restart(record, cause, False, switched) == update_rules.ROLLED_BACK


def test_what_fails_before_the_restart_leaves_the_boot_choice_alone():
    """Else the command is told as failed, and yet a trial comes with the next start."""
    board = Board(update_rules.FETCH, "c1")

    def fail():
        raise MemoryError

    good, board.chip.clear_boots = board.chip.clear_boots, fail
    try:
        update_switch.switch(board.state)
        raise AssertionError("nothing failed")
    except MemoryError:
        assert not board.slots.switches
    board.chip.clear_boots = good
    try:
        update_switch.switch(board.state)
        raise AssertionError("no restart")
    except Restarted:
        assert board.slots.switches == 1 and board.chip.boots.count == 0


def test_a_restart_while_a_full_file_system_is_emptied_begins_at_zero():
    """It would go on behind files that are gone, and the operator would hear of a wrong checksum."""
    board, seen = Board(update_rules.FETCH, "c1"), []

    class Full:
        def take(self, buf, count):
            raise OSError(28)

        def abandon(self):
            seen.append(board.chip.keys.get_int(update_rules.AT_KEY))

        def park(self):
            return ()

    class Sinks:
        def of(self, *args):
            return Full()

    board.chip.keys.set_int(update_rules.AT_KEY, 512)
    download = Download("", 1024, 512, "", ())
    download.filled, real = 512, update_fetch.sinks
    update_fetch.sinks = Sinks()
    try:
        update_fetch.take(board.state, board.record.now, download, bytearray(512))
        raise AssertionError("it had room")
    except CommandError as e:
        assert "cannot be written" in str(e) and seen == [0]
    finally:
        update_fetch.sinks = real


def test_whatever_a_self_test_raises_is_its_verdict():
    for error, why in (
        (ValueError("dry"), "ValueError: dry"), (SystemExit("over"), "SystemExit: over"),
        (ValueError("x" * 5000), "ValueError: " + "x" * 500),
    ):  # fmt: skip
        board = Board(update_rules.TRIAL, "c1")

        def test(error=error):
            raise error

        board.state.self_tests.append(test)
        try:
            trial.prove(board.state)
            raise AssertionError("no restart")
        except Restarted:
            board.record.load()
            assert board.record.now["message"] == "self-test " + why


def test_a_board_flashed_anew_without_a_second_partition_starts():
    for command in (None, "c1"):
        board = Board(update_rules.SWITCH, command)

        def no_slots(kind):
            raise CommandError("this board has no second app partition")

        board.chip.slots = no_slots
        rollback.resume(board.state)
        if command:
            assert rollback.after_restart(board.state, command) == (FAILED, "this board has no second app partition")
        else:
            assert "no second" in board.state.last_update
        assert not board.chip.keys.get("update")


def test_nothing_is_no_update():
    checksum = "sha256:%s;size=0;kind=application" % ("0" * 64)
    try:
        update_wish.wanted({"url": "http://localhost/f", "version": "2.0.0", "checksum": checksum}, "1.0.0", "1.0.0")
        raise AssertionError("taken")
    except CommandError as e:
        assert "checksum" in str(e)
