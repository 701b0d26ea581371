"""One line per event on the console: uptime in seconds, level letter, area, text. The only module that prints.

A secret given to `hide` never reaches a line, whatever text it is part of.
"""

DEBUG, INFO, WARNING, ERROR = 0, 1, 2, 3
LEVELS = ("debug", "info", "warning", "error")

recent = []  # the last warnings and errors, oldest first, for a person at the site

_KEPT = 4
_secrets = []
_threshold = INFO
_ticks_ms = None


def configure(level, ticks_ms=None):
    """level: one of LEVELS. ticks_ms: callable for the time stamp, milliseconds."""
    global _threshold, _ticks_ms
    _threshold = LEVELS.index(level)
    _ticks_ms = ticks_ms


def hide(secret):
    """From now on print *** instead of this text."""
    if secret and secret not in _secrets:
        _secrets.append(secret)
        _secrets.sort(key=len, reverse=True)  # one may be part of another


def enabled(level):
    """For hot paths: is it worth building the text at all?"""
    return level >= _threshold


def masked(text):
    """The text with every secret in it as ***."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, "***")
    return text


def _line(level, area, text):
    if level < _threshold:
        return
    text = masked(str(text))
    if level >= WARNING:
        recent.append(text)
        del recent[:-_KEPT]
    now = _ticks_ms() if _ticks_ms else 0
    print("%7d.%03d %s %s: %s" % (now // 1000, now % 1000, "DIWE"[level], area, text))


def debug(area, text):
    _line(DEBUG, area, text)


def info(area, text):
    _line(INFO, area, text)


def warning(area, text):
    _line(WARNING, area, text)


def error(area, text):
    _line(ERROR, area, text)
