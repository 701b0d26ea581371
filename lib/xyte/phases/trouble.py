"""A call to the cloud went wrong: the one place that decides what that means.

state.failures: how many there were in a row, of each kind of call. state.refusals: see core/revocation.py.
"""

from micropython import const
from xyte import log
from xyte.core import backoff, revocation
from xyte.errors import AnswerError, RefusedError, SettingsError, StoreError, UntrustedError
from xyte.services.vault import loaded

_FIRST_MS = const(2000)
_TELEMETRY_CAP_MS = const(300000)
_REGISTRATION_CAP_MS = const(900000)
_LONGEST_PAUSE_S = const(3600)  # a Retry-After beyond this is not believed
_MOST = const(255)
_CAPS_MS = (_TELEMETRY_CAP_MS, _REGISTRATION_CAP_MS, _TELEMETRY_CAP_MS)


def pause_ms(state, error, kind):
    """The pause in ms before the next try. error: what was raised. kind: 0 telemetry, 1 registration, 2 command.

    A pause that was asked for comes in front of our own random one: everybody was asked for the same.
    """
    least, link = 0, state.chip.link
    if isinstance(error, RefusedError):
        link.heard()
        least = _refused(state, error)
    elif isinstance(error, (SettingsError, StoreError)):
        log.error("cloud", error)
    elif isinstance(error, UntrustedError):
        log.error("cloud", "not trusted, nothing was sent: %s" % error)
    else:
        log.warning("cloud", error)
        if isinstance(error, AnswerError):
            link.heard()
        else:
            link.failed(error)
    failures = state.failures[kind]
    state.failures[kind] = min(failures + 1, _MOST)
    return least + backoff.after_failure_ms(failures, _FIRST_MS, _CAPS_MS[kind], state.chip.below)


def _refused(state, error):
    """What a refusal asks for, in ms; the identity is parked when it has been refused for good."""
    least = min(error.retry_after_s, _LONGEST_PAUSE_S) * 1000
    log.warning("cloud", "refused: %s" % error)
    if state.identity is None:
        if error.status == 422:  # only an operator can change that, and not this minute
            least = max(least, _REGISTRATION_CAP_MS // 2)
        return least
    clock = state.chip.clock
    if revocation.refused(state.refusals, error.status, clock.ticks_ms(), clock.ticks_diff):
        log.error("cloud", "not known there any more: registering anew")
        state.refusals[:] = (0, 0, 0, 0)
        vault = loaded(state)
        refused, state.identity, state.unsaved = state.identity, None, False
        try:
            if vault.parked != refused:
                vault.current = refused
                vault.park()
        except StoreError as e:
            log.error("identity", e)
    return max(least, revocation.pause_ms(error.status))
