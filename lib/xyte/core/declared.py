"""What the decorators of `Agent` are given, judged while main.py starts: a slip there must not pass in silence.

Raise TypeError and ValueError, in words for who writes main.py.
"""

_BUILT_IN = ("reboot", "update_firmware")


def sensor(name, every, deadband):
    """May these be a sensor's?"""
    _called("sensor", name)
    for what, number in (("every", every), ("deadband", deadband)):
        if number is None:
            continue
        if not isinstance(number, (int, float)):
            raise TypeError("%s must be a number, not %r" % (what, number))
        if not number >= 0:  # nor what is not a number
            raise ValueError("%s is %s" % (what, number))


def command(known, name, needs):
    """The names of the parameters that a command needs. known: the commands declared so far."""
    _called("command", name)
    if name in known or name in _BUILT_IN:
        raise ValueError("command '%s' exists already" % name)
    return (needs,) if isinstance(needs, str) else tuple(needs)


def _called(decorator, name):
    if not isinstance(name, str):
        raise TypeError('write @agent.%s("its name")' % decorator)
