"""How long to wait after failure n. Knows no clock and no random source: both are the caller's."""

from micropython import const

_MAX_SHIFT = const(12)


def after_failure_ms(failures, first_ms, cap_ms, below):
    """The wait in ms after so many failures before this one: exponential, capped, with full jitter after the cap.

    Random up to the ceiling, so that ten thousand boards do not return together. first_ms: ceiling of the first wait.
    cap_ms: ceiling of every wait. below: callable(n) -> random int in 0..n-1, seeded per device.
    """
    return below(min(cap_ms, first_ms << min(failures, _MAX_SHIFT)) + 1)
