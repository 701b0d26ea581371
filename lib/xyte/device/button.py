"""The set-up button, on a board that has one: held for three seconds, at any time."""

from micropython import const
from xyte import log

_HOLD_MS = const(3000)


def of(chip, number):
    """The Button on a GPIO, which it pulls to ground; None when the chip has no such pin. chip: its clock."""
    import machine

    try:
        return Button(machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP), chip.clock)
    except ValueError as e:
        log.error("settings", "'setup_pin' %d: %s" % (number, e))


class Button:
    """pin: its value() is 0 while it is held. clock: ticks_ms, ticks_diff."""

    def __init__(self, pin, clock):
        self._pin, self._clock = pin, clock
        self._open_ms = clock.ticks_ms()  # when it was last seen open; None: held, and that has been told

    def was_held(self):
        """Once for each time that it is held; once in all for one that is stuck."""
        now = self._clock.ticks_ms()
        if self._pin.value():
            self._open_ms = now
        elif self._open_ms is not None and self._clock.ticks_diff(now, self._open_ms) >= _HOLD_MS:
            self._open_ms = None
            return True
        return False
