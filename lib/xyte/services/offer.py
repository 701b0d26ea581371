"""A newer file that the cloud tells of with telemetry: taken without a command, by the same updater and rules.

What it is refused for stands for an hour at least, then up to a day longer with each refusal; another file, and a
restart of the board, have a new try. A download that a restart interrupted goes on when the file is offered again.
"""

from micropython import const
from xyte import log
from xyte.core.backoff import Backoff

_LEAST_MS = const(3600000)  # no Retry-After is believed beyond that either
_CAP_MS = const(86400000)


class Offer:
    """file: its id. updater: callable that gives the Updater. told: callable(text), for why it is not taken.

    To the updater it is what a command's Progress is. command: none.
    """

    command = None

    def __init__(self, file, chip, cloud, updater, told):
        self.file = file
        self._clock, self._cloud, self._updater, self._told = chip.clock, cloud, updater, told
        self._wait = Backoff(_LEAST_MS, _CAP_MS, chip.below)
        self._due_ms = chip.clock.ticks_ms()

    def step(self):
        """Take it, if it is time. When that goes well the board restarts."""
        if self._clock.left_ms(self._due_ms) > 0:
            return
        try:
            outcome = self._updater().run(self._cloud.file(self.file), self)
        except Exception as e:  # one that asks the application first: whatever it raises must not end in a boot loop
            outcome = e
        self._told("the newest file is not taken: %s" % outcome)
        self._due_ms = self._clock.after_ms(self._wait.after_failure_ms(_LEAST_MS))

    def __call__(self, message):
        """How far it is."""
        log.info("update", message)
        return True
