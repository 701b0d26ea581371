"""Sent before every script: how a fact is judged. Each prints one line: PASS, FAIL, SKIP or INFO, name, why."""


def check(name, got, expected):
    if got == expected:
        print("PASS " + name)
    else:
        print("FAIL %s: %r, expected %r" % (name, got, expected))


def holds(name, fact, seen=None):
    if fact:
        print("PASS " + name)
    else:
        print("FAIL %s: %r" % (name, seen))


def skip(name, why):
    print("SKIP %s: %s" % (name, why))


def info(name, value):
    """What differs from chip to chip, or what nobody relies on."""
    print("INFO %s: %s" % (name, value))


def raised(call, *args, **named):
    """What a call raises, as (class name, *arguments); ("nothing", result) when it does not."""
    try:
        return "nothing", call(*args, **named)
    except Exception as e:
        return (type(e).__name__,) + e.args


def kind(call, *args, **named):
    """Only the class name of what it raises: texts differ between builds."""
    return raised(call, *args, **named)[0]
