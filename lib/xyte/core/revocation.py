"""When to believe the cloud that this device is gone. One stray answer is not enough: a lost identity locks us out."""

from micropython import const

_UNAUTHORIZED = const(3)
_UNAUTHORIZED_APART_MS = const(30000)
_NOT_FOUND = const(6)
_NOT_FOUND_SPAN_MS = const(600000)


def refused(seen, status, now_ms, since):
    """Count one refusal. True when the identity must be parked. 403, 429 and 5xx never count.

    That is after three 401 (any call), each at least 30 s after the one before, or six 404 (telemetry) over at least
    ten minutes. seen: list of [401s, 404s, ticks of the last 401, ticks of the first 404]; all 0 when the cloud knows
    us. since: callable(later_ms, earlier_ms) -> ms, the clock's wrap-safe difference.
    """
    if status == 401:
        # Below 0 the ticks have wrapped: days have passed.
        if seen[0] and 0 <= since(now_ms, seen[2]) < _UNAUTHORIZED_APART_MS:
            return False
        seen[0] += 1
        seen[2] = now_ms
        return seen[0] >= _UNAUTHORIZED
    if status == 404:
        if not seen[1]:
            seen[3] = now_ms
        seen[1] += 1
        return seen[1] >= _NOT_FOUND and not 0 <= since(now_ms, seen[3]) < _NOT_FOUND_SPAN_MS
    return False


def pause_ms(status):
    """The least wait before a refused call is worth repeating."""
    return _UNAUTHORIZED_APART_MS if status == 401 else 0
