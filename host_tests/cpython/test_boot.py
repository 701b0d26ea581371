"""boot.py and the agent's side of the boot counter, run against a chip of dictionaries."""

import builtins
from types import SimpleNamespace

import pytest

from device_code import PACKAGE, ROOT

POWER_ON, HARD, WATCHDOG, DEEP_SLEEP, SOFT = 1, 2, 3, 4, 5


class Board:
    """The chip's memories: RTC memory (lost with the power) and NVS (kept), and what boot.py did with them."""

    def __init__(self):
        self.rtc, self.nvs = b"", {}
        self.cause = POWER_ON
        self.nvs_works, self.nvs_opens, self.nvs_writes = True, True, 0
        self.chance = 0  # what os.urandom gives
        self.version, self.usb = (1, 25, 0, ""), None
        self.watchdogs, self.safe_runs = [], []
        self.files, self.folder = {"/main.py", "/slot_a/main.py", "/slot_b/main.py"}, ""

    def modules(self):
        board = self

        class Rtc:
            def memory(self, data=None):
                if data is None:
                    return board.rtc
                board.rtc = bytes(data)

        class Nvs:
            def __init__(self, namespace):
                assert namespace == "xyte" and board.watchdogs  # which is first
                if not board.nvs_opens:
                    raise OSError(-4357, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")

            def get_i32(self, key):
                if key not in board.nvs or not isinstance(board.nvs[key], int):
                    raise OSError(-4354, "ESP_ERR_NVS_NOT_FOUND")
                return board.nvs[key]

            def set_i32(self, key, value):
                if not board.nvs_works:
                    raise OSError(-4357, "no space")
                board.nvs[key] = value

            def erase_key(self, key):
                self.get_i32(key)
                del board.nvs[key]

            def commit(self):
                board.nvs_writes += 1

        machine = SimpleNamespace(RTC=Rtc, WDT=lambda timeout: self.watchdogs.append(timeout),
                                  reset_cause=lambda: self.cause)
        if self.usb:
            machine.USBDevice = lambda: self.usb
        safe = SimpleNamespace(run=self.safe_runs.append)
        return {"machine": machine, "esp32": SimpleNamespace(NVS=Nvs), "xyte": SimpleNamespace(safe=safe),
                "os": SimpleNamespace(stat=self.stat, chdir=self.enter, urandom=lambda n: bytes([self.chance] * n)),
                "sys": SimpleNamespace(path=["", "/lib"], implementation=SimpleNamespace(version=self.version)),
                "gc": SimpleNamespace(threshold=int)}

    def stat(self, path):
        if path not in self.files:
            raise OSError(2, "ENOENT")

    def enter(self, folder):
        self.folder = folder

    def execute(self, path):
        """Run a source file that finds this board's modules and nothing else. Returns its names."""
        modules = self.modules()
        names = dict(vars(builtins), __import__=lambda name, *rest: modules[name])
        scope = {"__name__": path.stem, "__builtins__": names}
        exec(compile(path.read_text(), str(path), "exec"), scope)  # noqa: S102 - our own source
        return scope

    def boot(self, cause=HARD):
        """One start; returns whether safe mode ran."""
        before = len(self.safe_runs)
        if cause == POWER_ON:
            self.rtc = b"\xa5\x5a\x00garbage"
        self.cause, self.folder = cause, ""
        self.execute(ROOT / "boot.py")
        return len(self.safe_runs) > before

    def count(self):
        """Boots in a row as RTC memory has them, 0 when there is no count in it."""
        return self.rtc[2] if self.rtc[:2] == b"XB" and self.rtc[2] ^ self.rtc[3] == 0xFF else 0

    def agent(self):
        return SimpleNamespace(**self.execute(PACKAGE / "device" / "boot_count.py"))


def test_the_watchdog_comes_first():
    board = Board()
    board.nvs_works = False
    board.boot(POWER_ON)
    assert board.watchdogs == [60000]


def test_nvs_that_cannot_be_opened_is_no_reason_to_stop():
    board = Board()
    board.nvs_opens = False
    assert [board.boot() for _ in range(6)] == [False] * 5 + [True]


@pytest.mark.parametrize(("version", "expected"), [((1, 26, 0, ""), []), ((1, 27, 0, ""), ["default", True])])
def test_usb_of_the_chips_own_is_there_in_safe_mode(version, expected):
    board, seen = Board(), []

    class Usb:
        BUILTIN_DEFAULT, active = "default", seen.append

        def __setattr__(self, name, value):
            assert name == "builtin_driver"
            seen.append(value)

    board.usb, board.version = Usb(), version
    for _ in range(5):
        board.boot()
    assert seen == []
    assert board.boot() and seen == expected


@pytest.mark.parametrize("cause", [HARD, WATCHDOG, SOFT])
def test_the_sixth_boot_in_a_row_is_safe_mode(cause):
    board = Board()
    assert [board.boot(cause) for _ in range(8)] == [False] * 5 + [True] * 3
    assert "6 boots" in board.safe_runs[0]


def test_soft_resets_count_one_time_in_ten():
    board = Board()
    counted = 0
    for chance in range(256):
        board.rtc, board.nvs, board.chance = b"", {}, chance
        board.boot(SOFT)
        counted += bool(board.rtc)
    assert 20 <= counted <= 30


def test_power_cycles_alone_are_no_suspicion():
    """Somebody pulls the plug: no flash is written for it. One restart by itself in between, and they count."""
    board = Board()
    assert not any(board.boot(POWER_ON) for _ in range(20)) and board.nvs_writes == 0
    assert [board.boot(HARD), *(board.boot(POWER_ON) for _ in range(4))] == [False] * 4 + [True]


def test_causes_mixed():
    board = Board()
    assert [board.boot(cause) for cause in (POWER_ON, HARD, POWER_ON, WATCHDOG, POWER_ON, HARD)] == [False] * 5 + [True]


def test_one_boot_costs_no_flash_write():
    board = Board()
    for _ in range(20):
        board.boot(POWER_ON)
        board.agent().clear()
    assert board.nvs_writes == 0


def test_health_begins_anew():
    board = Board()
    for _ in range(4):
        board.boot()
    assert board.count() == 4 and board.nvs["boots"] == 4
    board.agent().clear()
    assert board.count() == 0 and "boots" not in board.nvs
    assert [board.boot() for _ in range(6)] == [False] * 5 + [True]


def test_safe_mode_writes_no_more_flash():
    board = Board()
    for _ in range(11):
        board.boot()
    writes = board.nvs_writes
    for _ in range(300):
        assert board.boot(WATCHDOG), "and it stays safe mode, past 255 too"
    assert board.nvs_writes == writes


def test_safe_mode_can_give_the_application_another_chance():
    board = Board()
    for _ in range(7):
        board.boot()
    board.agent().clear()
    assert not board.boot() and "boots" not in board.nvs


def test_deep_sleep_is_no_trouble():
    board = Board()
    board.boot(POWER_ON)
    assert not any(board.boot(DEEP_SLEEP) for _ in range(20))
    assert board.count() == 1


def test_dead_nvs_leaves_rtc_memory():
    board = Board()
    board.nvs_works = False
    assert [board.boot() for _ in range(6)] == [False] * 5 + [True]
    board.agent().clear()
    assert board.count() == 0


def test_the_rest_of_rtc_memory_is_the_users():
    board = Board()
    board.boot()
    board.rtc += b"mine"
    board.boot()
    board.agent().clear()
    assert board.rtc[4:] == b"mine"


@pytest.mark.parametrize("rtc", [b"", b"X", b"XB", b"XB\x05", b"XB\x05\x05", b"YB\x05\xfa", b"\xff" * 8])
def test_rtc_memory_of_somebody_else_is_not_a_count(rtc):
    board = Board()
    board.rtc = rtc
    assert not board.boot() and board.count() == 1


def runs(board, boots, cause=HARD):
    """Which folder each of so many boots ran; "safe" for safe mode."""
    return ["safe" if board.boot(cause) else board.folder for _ in range(boots)]


def test_a_slot_has_five_boots_then_the_root_has_five_then_safe_mode():
    board = Board()
    board.nvs["slot"] = 1
    assert runs(board, 13) == ["/slot_a"] * 5 + [""] * 5 + ["safe"] * 3


def test_a_trial_is_started_once_and_then_it_is_the_old_one_again():
    board = Board()
    board.nvs.update(slot=1, trial=2)
    assert runs(board, 3) == ["/slot_b", "/slot_a", "/slot_a"]
    assert board.nvs["trial"] == 2 + 16 and board.nvs["slot"] == 1


def test_a_trial_cut_by_the_power_goes_back_too():
    board = Board()
    board.nvs.update(trial=1)
    assert runs(board, 3, POWER_ON) == ["/slot_a", "", ""]


def test_a_confirmed_trial_stays():
    board = Board()
    board.nvs.update(trial=2)
    board.boot()
    board.agent().clear()
    board.nvs.update(slot=2)
    assert runs(board, 3) == ["/slot_b"] * 3


def test_a_slot_that_is_gone_is_the_root():
    board = Board()
    board.nvs["slot"] = 2
    board.files.remove("/slot_b/main.py")
    assert runs(board, 2) == ["", ""]


def test_no_application_anywhere_is_safe_mode():
    board = Board()
    board.files.clear()
    assert runs(board, 2) == ["safe", "safe"] and "no main.py" in board.safe_runs[0]


@pytest.mark.parametrize("cause", [HARD, WATCHDOG, SOFT])
def test_application_that_writes_over_the_count_is_counted_all_the_same(cause):
    board = Board()
    boots = []
    for _ in range(7):
        boots.append(board.boot(cause))
        board.rtc = b"the application's own"
    assert boots == [False] * 5 + [True] * 2


def test_health_counts_for_an_application_that_writes_over_the_count():
    board = Board()
    for _ in range(20):
        assert not board.boot(HARD)
        board.rtc = b"the application's own"
        board.agent().clear()
        assert board.rtc == b"the application's own"
