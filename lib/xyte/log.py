"""One line per event on the console: uptime in seconds, level letter, area, text. The only module that prints.

A secret given to `hide`, in services/secrecy.py, never reaches a line, whatever text it is part of.
"""

from micropython import const

DEBUG, INFO = 0, 1
_WARNING = const(2)
_ERROR = const(3)
_KEPT = const(4)
_KEPT_CHARS = const(200)

_threshold = INFO
_ticks_ms = None
secrets = []  # texts, longest first
recent = []  # the last warnings and errors, oldest first, for a person at the site


def configure(threshold, ticks_ms):
    """threshold: level below which nothing is printed. ticks_ms: callable for the time stamp, milliseconds."""
    global _threshold, _ticks_ms
    _threshold, _ticks_ms = threshold, ticks_ms


def enabled(level):
    """For hot paths: is it worth building the text at all?"""
    return level >= _threshold


def masked(text):
    """The text with every secret in it as ***."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, "***")
    return text


def _line(level, area, text):
    if level < _threshold:
        return
    text = masked(str(text))
    if level >= _WARNING:
        recent.append(text[:_KEPT_CHARS])
        del recent[:-_KEPT]
    now = _ticks_ms() if _ticks_ms else 0
    print("%7d.%03d %s %s: %s" % (now // 1000, now % 1000, "DIWE"[level], area, text))


def debug(area, text):
    _line(DEBUG, area, text)


def info(area, text):
    _line(INFO, area, text)


def warning(area, text):
    _line(_WARNING, area, text)


def error(area, text):
    _line(_ERROR, area, text)
