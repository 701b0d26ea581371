"""Waiting after failures: growth, cap, jitter."""

from xyte.core.backoff import Backoff


def highest(n):
    return n - 1


def lowest(n):
    return 0


def test_ceiling_doubles_up_to_the_cap_and_stays():
    wait = Backoff(2000, 300000, highest)
    waits = [wait.after_failure_ms() for _ in range(40)]
    assert waits[:8] == [2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000]
    assert waits[8:] == [300000] * 32
    assert wait.failures == 40


def test_jitter_is_full_and_comes_after_the_cap():
    asked = []

    def below(n):
        asked.append(n)
        return 0

    wait = Backoff(1000, 5000, below)
    assert [wait.after_failure_ms() for _ in range(5)] == [0] * 5
    assert asked == [1001, 2001, 4001, 5001, 5001]


def test_a_demanded_pause_is_kept_and_still_spread():
    wait = Backoff(1000, 5000, lowest)
    assert wait.after_failure_ms(120000) == 120000
    wait = Backoff(1000, 5000, highest)
    assert wait.after_failure_ms(120000) == 121000, "everybody was told the same pause: nobody may return together"


def test_reset_begins_anew():
    wait = Backoff(1000, 5000, highest)
    for _ in range(9):
        wait.after_failure_ms()
    wait.reset()
    assert wait.failures == 0 and wait.after_failure_ms() == 1000


def test_first_try_is_spread():
    assert Backoff(2000, 5000, highest).spread_ms() == 2000
    assert Backoff(2000, 5000, lowest).spread_ms() == 0
