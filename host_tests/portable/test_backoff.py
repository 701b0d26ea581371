"""Waiting after failures: growth, cap, jitter."""

from xyte.core import backoff


def highest(n):
    return n - 1


def waits(count, below, first_ms, cap_ms):
    return [backoff.after_failure_ms(failures, first_ms, cap_ms, below) for failures in range(count)]


def test_ceiling_doubles_up_to_the_cap_and_stays():
    grown = waits(256, highest, 2000, 300000)
    assert grown[:8] == [2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000]
    assert grown[8:] == [300000] * 248


def test_jitter_is_full_and_comes_after_the_cap():
    asked = []

    def below(n):
        asked.append(n)
        return 0

    assert waits(5, below, 1000, 5000) == [0] * 5
    assert asked == [1001, 2001, 4001, 5001, 5001]
