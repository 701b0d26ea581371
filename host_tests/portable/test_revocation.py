"""When the cloud is believed that the device is gone."""

from fakes.chip import FakeClock
from xyte.core import revocation


def make():
    return FakeClock(), [0, 0, 0, 0]


def says(clock, seen, status, after_s=0):
    clock.sleep_ms(int(after_s * 1000))
    return revocation.refused(seen, status, clock.ticks_ms(), clock.ticks_diff)


def test_three_401_apart():
    clock, r = make()
    assert not says(clock, r, 401)
    assert not says(clock, r, 401, 30)
    assert says(clock, r, 401, 30)


def test_a_burst_of_401_counts_once():
    clock, r = make()
    for _ in range(50):
        assert not says(clock, r, 401, 0.5)
    clock, r = make()
    verdicts = [says(clock, r, 401, 29.999) for _ in range(5)]
    assert verdicts == [False] * 4 + [True], "every second one is far enough from the one that counted"


def test_an_accepted_call_begins_anew():
    clock, r = make()
    says(clock, r, 401)
    says(clock, r, 401, 40)
    r[:] = (0, 0, 0, 0)
    assert not says(clock, r, 401, 40)
    assert not says(clock, r, 401, 40)
    assert says(clock, r, 401, 40)


def test_404_needs_six_over_ten_minutes():
    clock, r = make()
    assert not says(clock, r, 404)
    for _ in range(20):
        assert not says(clock, r, 404, 29)
    assert says(clock, r, 404, 20)
    clock, r = make()
    says(clock, r, 404)
    for _ in range(4):
        assert not says(clock, r, 404, 300), "five are not enough, however long it takes"
    assert says(clock, r, 404, 1)


def test_the_others_never_count():
    clock, r = make()
    for status in (200, 400, 402, 403, 408, 409, 418, 422, 429, 500, 502, 503, 599):
        for _ in range(10):
            assert not says(clock, r, status, 700), status


def test_across_the_wrap_of_the_ticks():
    clock, r = make()
    clock.ms = (1 << 30) - 15000
    assert not says(clock, r, 401)
    assert not says(clock, r, 401, 29)
    assert not says(clock, r, 401, 1)
    assert says(clock, r, 401, 30)


def test_days_between_two_answers_are_not_taken_for_a_burst():
    clock, r = make()
    assert not says(clock, r, 401)
    assert not says(clock, r, 401, 8 * 86400)
    assert says(clock, r, 401, 30)


def test_pause_asked_for():
    assert revocation.pause_ms(401) == 30000
    assert revocation.pause_ms(404) == revocation.pause_ms(500) == 0
