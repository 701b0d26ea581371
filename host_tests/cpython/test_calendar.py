"""Dates on board against the calendar of Python, for every day there is."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from fakes.server import written
from xyte.core import moments
from xyte.core.values import JsonBuffer
from xyte.services.telemetry import write_time

START = datetime(2000, 1, 1, tzinfo=UTC)
OUT = JsonBuffer(bytearray(40))


def iso(now_s: int) -> str:
    OUT.clear()
    write_time(OUT, now_s)
    return json.loads(written(OUT))


def test_every_day_to_2099():
    day = START
    while day.year < 2100:
        now_s = int((day - START).total_seconds())
        assert moments.seconds(day.year, day.month, day.day) == now_s
        assert iso(now_s) == f"{day:%Y-%m-%dT%H:%M:%SZ}"
        assert moments.http_date(format_datetime(day, usegmt=True)) == now_s
        day += timedelta(days=1)


@given(st.integers(0, int((datetime(2100, 1, 1, tzinfo=UTC) - START).total_seconds()) - 1))
def test_every_second(now_s):
    moment = START + timedelta(seconds=now_s)
    assert iso(now_s) == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert moments.http_date(format_datetime(moment, usegmt=True)) == now_s


@given(st.text())
def test_any_text_is_a_time_or_none(text):
    assert moments.http_date(text) is None or isinstance(moments.http_date(text), int)
