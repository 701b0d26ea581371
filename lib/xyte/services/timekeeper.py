"""The wall clock. TLS needs a plausible one to judge certificates; telemetry wants a right one for its timestamps.

After a power loss the chip counts from 2000. Then, in this order: the time kept in flash or the build date as a floor,
so that certificates can be judged at all; NTP; the Date of a verified answer from the hub, where NTP is blocked.
NTP is not authenticated: nothing before the build date is believed.

state.trusted: is the clock good enough for timestamps? state.kept_s: the time kept in flash.
"""

from micropython import const
from xyte import log
from xyte.core import moments
from xyte.errors import StoreError

BUILD_S = moments.seconds(2026, 11, 22)
_END_S = moments.seconds(2100, 1, 1)
_KEY = "time"
_KEEP_EVERY_S = const(86400)  # flash wear: at most one write a day
_AGAIN_MS = const(86400000)  # the chip's crystal drifts a second or two a day
_RETRY_MS = const(60000)
_BLOCKED_MS = const(14400000)  # many networks let no NTP through; each try holds everything up for a second


def start(state):
    """Set the floor. A clock that ran through a reset is kept, but not trusted: it may have run on from the floor."""
    clock = state.chip.clock
    try:
        kept = state.chip.keys.get(_KEY)
    except StoreError as e:
        log.error("clock", e)
        kept = None
    state.kept_s = int.from_bytes(kept, "little") if kept and len(kept) == 4 else 0
    floor = max(BUILD_S, state.kept_s)
    if clock.now_s() < floor:
        state.chip.set_clock(floor)


def ask(state):
    """It is due: ask the network for the time. state.clock_ms: ticks of the next time."""
    clock = state.chip.clock
    try:
        _take(state, state.chip.ask_network_s(), "NTP")
        pause = _AGAIN_MS
    except (OSError, OverflowError, ValueError) as e:
        log.warning("clock", "no time: %r" % e)
        pause = _BLOCKED_MS if state.trusted else _RETRY_MS
        state.trusted = False  # the hub's next answer has the time again, and keeps it: certificates are judged by it
    state.clock_ms = clock.after_ms(pause)


def hear(state, date):
    """The Date of an answer from the hub, which TLS has verified. Taken when nothing better is known."""
    now_s = moments.http_date(date) if date else None
    if now_s is not None and BUILD_S <= now_s < _END_S:
        _take(state, now_s, "the hub")


def _take(state, now_s, source):
    clock = state.chip.clock
    if not BUILD_S <= now_s < _END_S:
        raise ValueError("%s: impossible time" % source)
    if abs(now_s - clock.now_s()) > 1:
        state.chip.set_clock(now_s)
    if not state.trusted:
        log.info("clock", "set from %s" % source)
    state.trusted = True
    if abs(now_s - state.kept_s) >= _KEEP_EVERY_S:  # backwards too: a wrong future must not stay the floor
        state.kept_s = now_s
        try:
            state.chip.keys.set(_KEY, now_s.to_bytes(4, "little"))
        except StoreError as e:  # the clock itself is right
            log.error("clock", e)
