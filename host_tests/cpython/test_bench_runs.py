"""The bench in its short form, so that it is there when it is wanted; and what it must show of the agent."""

import re

from host_tests.bench import __main__ as bench
from host_tests.bench import figures


def test_short_form():
    text, curve = bench.measure(figures.SHORT)
    left = re.findall(r"^\| bytes left per cycle, \S+ \| (\d+) \| ([\d,]+)", text, re.MULTILINE)
    assert [ours for ours, _ in left] == ["0", "0"] and all(theirs != "0" for _, theirs in left)
    assert re.search(r"^\| TLS records sent per cycle, https \| 1.0 ", text, re.MULTILINE)
    assert "obedience.mpy" in text and "https, gzip" in text
    first, last, least, most = re.search(
        r"after a collection: ([\d,]+) bytes at first, ([\d,]+) at last, least ([\d,]+), most ([\d,]+)", text).groups()
    assert first == last == least == most, "flat to the byte"
    assert curve.startswith("<svg") and curve.count(",") >= 101
