"""When to believe the cloud that this device is gone. One stray answer is not enough: a lost identity locks us out."""

from micropython import const

_UNAUTHORIZED = const(3)
_UNAUTHORIZED_APART_MS = const(30000)
_NOT_FOUND = const(6)
_NOT_FOUND_SPAN_MS = const(600000)


class Revocation:
    """Counts 401 (any call) and 404 (telemetry) in a row. 403, 429 and 5xx never count.

    since: callable(later_ms, earlier_ms) -> ms, the clock's wrap-safe difference.
    """

    def __init__(self, since):
        self._since = since
        self.clear()

    def clear(self):
        """The cloud knows us."""
        self._unauthorized = self._not_found = 0
        self._last_ms = self._first_ms = 0

    def refused(self, status, now_ms):
        """Count one refusal. True when the identity must be parked.

        That is after three 401, each at least 30 s after the one before, or six 404 over at least ten minutes.
        """
        if status == 401:
            # Below 0 the ticks have wrapped: days have passed.
            if self._unauthorized and 0 <= self._since(now_ms, self._last_ms) < _UNAUTHORIZED_APART_MS:
                return False
            self._unauthorized += 1
            self._last_ms = now_ms
            return self._unauthorized >= _UNAUTHORIZED
        if status == 404:
            if not self._not_found:
                self._first_ms = now_ms
            self._not_found += 1
            return self._not_found >= _NOT_FOUND and not 0 <= self._since(now_ms, self._first_ms) < _NOT_FOUND_SPAN_MS
        return False

    @staticmethod
    def pause_ms(status):
        """The least wait before a refused call is worth repeating."""
        return _UNAUTHORIZED_APART_MS if status == 401 else 0
