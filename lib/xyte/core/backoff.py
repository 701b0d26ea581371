"""How long to wait after failure n. Knows no clock and no random source: both are the caller's."""

from micropython import const

_MAX_SHIFT = const(12)


class Backoff:
    """Exponential, capped, with full jitter after the cap, so that ten thousand boards do not return together.

    first_ms: ceiling of the first wait. cap_ms: ceiling of every wait.
    below: callable(n) -> random int in 0..n-1, seeded per device.
    """

    def __init__(self, first_ms, cap_ms, below):
        self._first_ms, self._cap_ms, self._below = first_ms, cap_ms, below
        self.failures = 0

    def after_failure_ms(self, at_least_ms=0):
        """Count one failure. Returns the wait in ms: random up to the ceiling.

        at_least_ms: a pause that was asked for. The random part comes on top: everybody was asked for the same.
        """
        ceiling = min(self._cap_ms, self._first_ms << min(self.failures, _MAX_SHIFT))
        self.failures += 1
        return at_least_ms + self._below(ceiling + 1)

    def spread_ms(self):
        """A random wait before the first try of all, so that a power cut in a street is not a stampede."""
        return self._below(self._first_ms + 1)

    def reset(self):
        self.failures = 0
