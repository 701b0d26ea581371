"""Calendar arithmetic on small integers: seconds since 2000-01-01T00:00:00Z, which fit 31 bits until 2034.

The chip's own clock counts from there as well (ESP32 port of MicroPython).
"""

from micropython import const

_DAY_S = const(86400)


def days_before(year, month, day):
    """Days from 2000-01-01 to this date of the Gregorian calendar. month 1..12, day 1..31."""
    if month <= 2:
        year, month = year - 1, month + 12
    return 365 * (year - 2000) + year // 4 - year // 100 + year // 400 - 485 + (153 * (month - 3) + 2) // 5 + day + 59


def put_iso(out, now_s):
    """Write now_s as an ISO 8601 JSON string into a JsonBuffer, without allocating."""
    days, rest = now_s // _DAY_S, now_s % _DAY_S
    year = 2000 + days // 366  # at most a few years too early: step forward
    while days_before(year + 1, 1, 1) <= days:
        year += 1
    month = 1
    while month < 12 and days_before(year, month + 1, 1) <= days:
        month += 1
    out.raw(b'"')
    out.digits(year, 4)
    out.raw(b"-")
    out.digits(month, 2)
    out.raw(b"-")
    out.digits(days - days_before(year, month, 1) + 1, 2)
    out.raw(b"T")
    out.digits(rest // 3600, 2)
    out.raw(b":")
    out.digits(rest // 60 % 60, 2)
    out.raw(b":")
    out.digits(rest % 60, 2)
    out.raw(b'Z"')
