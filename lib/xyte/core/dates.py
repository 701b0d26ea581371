"""Calendar arithmetic on small integers: seconds since 2000-01-01T00:00:00Z, which fit 31 bits until 2034.

The chip's own clock counts from there as well (ESP32 port of MicroPython).
"""

from micropython import const

_DAY_S = const(86400)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def days_before(year, month, day):
    """Days from 2000-01-01 to this date of the Gregorian calendar. month 1..12, day 1..31."""
    if month <= 2:
        year, month = year - 1, month + 12
    return 365 * (year - 2000) + year // 4 - year // 100 + year // 400 - 485 + (153 * (month - 3) + 2) // 5 + day + 59


def seconds(year, month, day, hour=0, minute=0, second=0):
    """Seconds since 2000-01-01 UTC."""
    return days_before(year, month, day) * _DAY_S + hour * 3600 + minute * 60 + second


def http_date(text):
    """Seconds since 2000 of an HTTP Date field in IMF-fixdate form (RFC 9110, 5.6.7), or None for anything else."""
    parts = text.split(" ")
    if len(parts) != 6 or parts[5] != "GMT":
        return None
    month = _MONTHS.find(parts[2])
    clock = parts[4].split(":")
    if month < 0 or len(parts[2]) != 3 or month % 3 or len(clock) != 3:
        return None
    try:
        year, day = int(parts[3]), int(parts[1])
        hour, minute, second = int(clock[0]), int(clock[1]), int(clock[2])
    except ValueError:
        return None
    if not (2000 <= year <= 2099 and 1 <= day <= 31 and 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second <= 60):
        return None
    return seconds(year, month // 3 + 1, day, hour, minute, second)


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
