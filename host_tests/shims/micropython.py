"""What CPython lacks of MicroPython's `micropython` module."""


def const(value):
    return value
