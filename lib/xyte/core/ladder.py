"""The link ladder: what to try, and when, while the link looks up and yet no request is answered."""

RUNGS = ("dns", "dhcp", "join", "radio", "reset")
_AFTER = ((3, 30), (4, 60), (5, 120), (7, 300))  # failed requests in a row and seconds of silence before each rung
_RESET_FAILURES = 10
_AGAIN_S = 1800
_LEAST_S, _LONGEST_S = 300, 86400  # less would take a slow router for a dead one


def rung(done, failures, silent_s, reset_s):
    """The rung that is due, as an index of RUNGS; -1: none; len(RUNGS): start again at the lowest.

    done: how many were tried since the last answer. failures: requests in a row without one. silent_s: seconds
    since the first of them. reset_s: as `reset_after_s` gives it.
    """
    if done < len(_AFTER):
        least, after_s = _AFTER[done]
        return done if failures >= least and silent_s >= after_s else -1
    if reset_s:
        return done if failures >= _RESET_FAILURES and silent_s >= reset_s else -1
    return len(RUNGS) if silent_s >= _AGAIN_S else -1


def reset_after_s(setting_s, resets):
    """Seconds of silence before a reset; each reset that did not help doubles them, up to a day. 0: never."""
    return setting_s and min(max(setting_s, _LEAST_S) << min(resets, 8), _LONGEST_S)


def count(counts, name, times=1):
    """Add to the counts of what was lost and repaired, by name. Returns them as a text for telemetry, "lost 2, join 1".
    """
    counts[name] = counts.get(name, 0) + times
    return ", ".join(["%s %d" % (name, counts[name]) for name in ("lost",) + RUNGS if name in counts])
