"""New code on trial: it is confirmed by a telemetry that the cloud has taken and by its own self-test, or it goes.

Falling back needs nothing but a restart: the bootloader (firmware) and boot.py (application) see to it.
"""

from micropython import const
from xyte import log
from xyte.core.commands import DONE
from xyte.errors import StoreError

_WINDOW_S = const(300)


class Trial:
    """update: UpdateRecord. slots: of its kind. journal: where the command waits. tests: the application's own."""

    def __init__(self, chip, update, slots, journal, tests):
        self._chip, self._update, self._slots = chip, update, slots
        self._journal, self._tests = journal, tests
        self._until_ms = chip.clock.after_ms(_WINDOW_S * 1000)
        self.over = False
        log.warning("update", "%s is on trial for %d s" % (update.now["version"], _WINDOW_S))

    def step(self):
        """Is the window still open? If not, restart into the old code."""
        if not self.over and self._chip.clock.left_ms(self._until_ms) <= 0:
            self._fail("no telemetry was accepted within %d s" % _WINDOW_S)

    def prove(self):
        """The cloud has taken a telemetry over a verified connection. If the application agrees: stay."""
        if self.over:
            return
        for test in self._tests:
            try:
                reason = None if test() is not False else "returned False"
            except Exception as e:  # the user's code: whatever it raises is the verdict
                reason = "%s: %s" % (type(e).__name__, e)
            if reason:
                return self._fail("self-test %s" % reason)
        self._slots.confirm()
        self.over = True
        version = self._update.now["version"]
        entry = self._journal.entry
        if entry and entry["id"] == self._update.now["command"] and not entry["reported"]:
            entry["phase"], entry["message"] = DONE, "running %s" % version
            self._journal.save(entry)
        self._update.clear()
        log.info("update", "%s is confirmed" % version)

    def _fail(self, reason):
        log.error("update", reason)
        try:
            self._update.save(message=reason)
        except StoreError as e:
            log.error("update", e)
        self._chip.boots.clear()
        self._chip.reset()
