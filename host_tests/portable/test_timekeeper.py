"""The wall clock: what is believed, and what is kept."""

from fakes.chip import FakeChip, FakeClock, FakeKeys
from xyte.services import timekeeper
from xyte.services.timekeeper import BUILD_S
from xyte.state import State

DAY_S = 86400
GOOD_DATE = "Sun, 22 Nov 2037 19:50:01 GMT"


def make(now_s=0, keys=None, powered_on=True):
    clock, keys = FakeClock(now_s), keys or FakeKeys()
    keeper = Keeper(clock, keys, powered_on)
    return clock, keys, keeper


class Keeper:
    """The timekeeper as the agent calls it."""

    def __init__(self, clock, keys, powered_on):
        cause = "PWRON_RESET" if powered_on else "HARD_RESET"
        self.state = State(FakeChip("", None, cause, keys=keys, clock=clock))
        timekeeper.start(self.state)

    @property
    def trusted(self):
        return self.state.trusted

    def step(self):
        if self.state.chip.clock.left_ms(self.state.clock_ms) <= 0:
            timekeeper.ask(self.state)

    def hear(self, date):
        if not self.trusted:
            timekeeper.hear(self.state, date)


def test_the_build_date_is_the_floor():
    clock, _, keeper = make()
    assert clock.now_s() == BUILD_S and not keeper.trusted


def test_the_last_known_time_is_a_better_floor():
    keys = FakeKeys()
    keys.values["time"] = (BUILD_S + 5 * DAY_S).to_bytes(4, "little")
    clock, _, keeper = make(keys=keys)
    assert clock.now_s() == BUILD_S + 5 * DAY_S and not keeper.trusted
    for torn in (b"", b"\xff", b"\xff" * 5):
        keys.values["time"] = torn
        assert make(keys=keys)[0].now_s() == BUILD_S


def test_a_clock_that_ran_through_a_reset_is_kept_and_not_trusted():
    """It may have run on from the floor since the power came back, and nobody has told it the time."""
    clock, keys, keeper = make()
    clock.sleep_ms(60000)
    after = Keeper(clock, keys, powered_on=False)
    assert clock.now_s() == BUILD_S + 60 and not keeper.trusted and not after.trusted
    after.hear(GOOD_DATE)
    assert after.trusted


def test_ntp_sets_the_clock_and_asks_again_in_a_day():
    clock, _keys, keeper = make()
    clock.network_s = BUILD_S + 1000
    keeper.step()
    assert keeper.trusted and clock.now_s() == BUILD_S + 1000
    clock.network_s = BUILD_S + 9999
    clock.sleep_ms((DAY_S - 1) * 1000)
    keeper.step()
    assert clock.now_s() == BUILD_S + 1000 + DAY_S - 1
    clock.sleep_ms(1000)
    keeper.step()
    assert clock.now_s() == BUILD_S + 9999


def test_no_answer_is_asked_again_in_a_minute():
    clock, _keys, keeper = make()
    keeper.step()
    clock.network_s = BUILD_S + 50
    keeper.step()
    assert not keeper.trusted
    clock.sleep_ms(60000)
    keeper.step()
    assert keeper.trusted


def test_times_that_cannot_be_are_not_believed():
    for wrong in (0, BUILD_S - 1, -5, 2**32, 2**40):
        clock, _, keeper = make()
        clock.network_s = wrong
        keeper.step()
        assert not keeper.trusted and clock.now_s() == BUILD_S, wrong
    for date in (None, "", "nonsense", "Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"):
        clock, _keys, keeper = make()
        keeper.hear(date)
        assert not keeper.trusted and clock.now_s() == BUILD_S, date


def test_the_hub_is_heard_until_something_better_is_known():
    clock, _keys, keeper = make()
    keeper.hear(GOOD_DATE)
    assert keeper.trusted and clock.now_s() > BUILD_S
    heard = clock.now_s()
    keeper.hear("Sun, 22 Nov 2037 21:00:00 GMT")
    assert clock.now_s() == heard


def test_flash_is_written_once_a_day_at_most():
    clock, keys, keeper = make()
    for second in range(0, 3 * DAY_S, 7200):
        clock.network_s = BUILD_S + 2 * DAY_S + second
        timekeeper._take(keeper.state, clock.network_s, "test")
    assert keys.writes == 3


def test_a_wrong_future_does_not_stay_the_floor():
    _clock, keys, keeper = make()
    timekeeper._take(keeper.state, BUILD_S + 900 * DAY_S, "a liar")
    timekeeper._take(keeper.state, BUILD_S + 1 * DAY_S, "NTP")
    assert make(keys=keys)[0].now_s() == BUILD_S + 1 * DAY_S


def test_dead_flash_does_not_stop_the_clock():
    keys = FakeKeys()
    keys.broken = keys.unreadable = True
    clock, _, keeper = make(keys=keys)
    clock.network_s = BUILD_S + 7
    keeper.step()
    assert keeper.trusted and clock.now_s() == BUILD_S + 7


def test_where_ntp_is_blocked_the_hub_tells_the_time_again_and_again():
    """Else flash holds the first day's, and after a power loss no certificate made since then is valid yet."""
    clock, keys, keeper = make()
    keeper.step()
    keeper.hear(GOOD_DATE)
    kept = keys.values["time"]
    clock.sleep_ms(2 * DAY_S * 1000)
    keeper.step()
    assert not keeper.trusted
    keeper.hear("Tue, 24 Nov 2037 19:50:01 GMT")
    assert keeper.trusted and keys.values["time"] != kept
