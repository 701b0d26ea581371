"""HTTP dates and ISO times. The sweep over all days is in cpython/test_calendar.py, which has datetime."""

from fakes.server import written
from xyte.core import moments
from xyte.core.values import JsonBuffer
from xyte.services.telemetry import write_time


def iso(now_s):
    out = JsonBuffer(bytearray(32))
    write_time(out, now_s)
    return written(out)


def test_known_times():
    assert moments.seconds(2000, 1, 1) == 0
    assert moments.seconds(2000, 3, 1) == 60 * 86400
    assert iso(0) == b'"2000-01-01T00:00:00Z"'
    assert iso(moments.seconds(2024, 2, 29, 23, 59, 59)) == b'"2024-02-29T23:59:59Z"'
    assert iso(moments.seconds(2099, 12, 31, 1, 2, 3)) == b'"2099-12-31T01:02:03Z"'


def test_http_date():
    assert moments.http_date("Sun, 22 Nov 2026 19:50:01 GMT") == moments.seconds(2026, 11, 22, 19, 50, 1)
    assert moments.http_date("Thu, 29 Feb 2024 00:00:00 GMT") == moments.seconds(2024, 2, 29)


def test_everything_else_is_none():
    good = "Sun, 22 Nov 2026 19:50:01 GMT"
    for bad in (
        "",
        "x",
        good[:-4],
        good.replace("GMT", "UTC"),
        good.replace("Nov", "nov"),
        good.replace("Nov", "ovD"),
        good.replace("Nov", ""),
        good.replace("2026", "9999"),
        good.replace("2026", "1999"),
        good.replace("2026", "20x6"),
        good.replace(" 22 ", " 32 "),
        good.replace(" 22 ", " 0 "),
        good.replace("19:", "24:"),
        good.replace(":50:", ":60:"),
        good.replace(":01 ", ":61 "),
        good.replace(":01 ", " "),
        good.replace(" 22 ", " -2 "),
        good.replace(" 22 ", " \u00b2 "),
        "Sunday, 22-Nov-26 19:50:01 GMT",
        "Sun Nov 22 19:50:01 2026",
    ):
        assert moments.http_date(bad) is None, bad
