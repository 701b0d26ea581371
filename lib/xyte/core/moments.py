"""Moments as seconds since 2000-01-01T00:00:00Z, from a date, or from what HTTP says."""

from micropython import const

_DAY_S = const(86400)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def seconds(year, month, day, hour=0, minute=0, second=0):
    """Seconds since 2000-01-01 UTC, by the Gregorian calendar. month 1..12, day 1..31."""
    if month <= 2:
        year, month = year - 1, month + 12
    days = 365 * (year - 2000) + year // 4 - year // 100 + year // 400 - 485 + (153 * (month - 3) + 2) // 5 + day + 59
    return days * _DAY_S + hour * 3600 + minute * 60 + second


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
