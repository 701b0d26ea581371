"""The bench in its short form, so that it is there when it is wanted; and what it must show of the agent."""

import re

import pytest

from host_tests.bench import __main__ as bench
from host_tests.bench import figures, limits
from host_tests.bench.figures import Agent, Reporter
from host_tests.bench.report import OLDER_TLS
from host_tests.bench.throughput import UpdateSpeed


def test_short_form():
    text, curve, _ = bench.measure(figures.SHORT)  # no speed of a busy machine is judged
    left = re.findall(r"^\| bytes left per cycle, \S+ \| (\d+) \| ([\d,]+)", text, re.MULTILINE)
    assert [ours for ours, _ in left] == ["0", "0"] and all(theirs != "0" for _, theirs in left)
    assert re.search(r"^\| TLS records sent per cycle, https \| 1.0 ", text, re.MULTILINE)
    assert "obedience.mpy" in text and "https, gzip" in text
    first, last, least, most = re.search(
        r"after a collection: ([\d,]+) bytes at first, ([\d,]+) at last, least ([\d,]+), most ([\d,]+)", text).groups()
    assert first == last == least == most, "flat to the byte"
    assert curve.startswith("<svg") and curve.count(",") >= 101


@pytest.mark.parametrize(("ours", "fetch", "expected"), [
    (101.0, 90.0, []),
    (99.0, 90.0, ["https: 99 telemetries a second, requests 10; 10 times", "https, TLS 1.2: 99"]),
    (101.0, 79.0, ["update over https, flash of 50 ms for 4 KiB: 79 KiB/s, the bare loop 100; 80% of it"]),
])
def test_what_is_slower_than_promised_is_named(ours, fetch, expected):
    reporters = {name: Reporter(per_second={"https": speed, OLDER_TLS: speed})
                 for name, speed in (("agent", ours), ("requests", 10.0))}
    agent = Agent(updates={"https": UpdateSpeed(100, 50, 40, 0),
                           "https, flash of 50 ms for 4 KiB": UpdateSpeed(100, fetch, 40, 0)})
    found = limits.misses(reporters, agent)
    assert [text[:len(begin)] for text, begin in zip(found, expected, strict=True)] == expected
