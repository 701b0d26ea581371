"""Carries out the cloud's commands, one at a time: at most once each, and reported as it really went."""

from xyte import log
from xyte.core import commands, outcome
from xyte.errors import CommandError, RefusedError, StoreError
from xyte.services.progress import GONE, IN_PROGRESS, Progress

_MOST_AT_ONCE = 8


class Executor:
    """rows: name -> commands.Row. chip: for the id of this run of the agent, why it started, and the watchdog.

    refused: id of the command that was refused last; kept by whoever makes the next Executor.
    """

    def __init__(self, cloud, journal, rows, chip, refused=None):
        self._cloud, self._journal, self._rows, self._chip = cloud, journal, rows, chip
        self.refused = refused

    def settle(self):
        """At start: give a command that a restart interrupted its outcome, to be reported with the next `drain`."""
        entry = self._journal.entry
        if commands.settle(entry, self._chip.session, self._chip.reset_cause(), self._rows):
            try:
                self._journal.save(entry)
            except StoreError as e:  # the next start will come to the same outcome
                log.error("command", e)
            log.info("command", "%s from before the restart: %s" % (entry["name"], entry["phase"]))

    def drain(self):
        """Carry out the queued commands, until there is none; but first report what is owed.

        Returns the parameters of a command that is to be carried out elsewhere: it is noted as started. Else None.
        Raises LinkError, RefusedError (the queue is looked at again later), StoreError (nothing was run).
        """
        if self._journal.owes():
            self._report(self._journal.entry)
        for _ in range(_MOST_AT_ONCE):
            command = self._cloud.command()
            if not command:
                break
            row, go_on = self._handle(command)
            if row:
                return command["parameters"]
            if not go_on:
                break
        return None

    def _handle(self, command):
        """(row that is to be carried out elsewhere or None, is there a point in asking for the next command now?)"""
        entry, boot = self._journal.entry, self._chip.session
        choice = commands.decide(command, entry, boot)
        if choice == commands.REPORT:
            again = entry["reported"]  # the cloud has been told already and still shows it: tell it once a cycle
            self._report(entry)
            return None, not again
        entry = commands.entry(command, boot)
        try:
            if choice == commands.UNKNOWN:
                raise CommandError("found in progress, and no record of its start; not run")
            row = commands.check(command, self._rows)
        except CommandError as e:
            return None, self._refuse(entry, str(e))
        if not self._begin(entry):
            return None, True
        if not row.run:
            return row, False
        outcome.of(entry, row.run, command["parameters"], Progress(self._cloud, entry, self._chip.feed))
        self._journal.keep_outcome()
        self._report(entry)
        return None, True

    def _refuse(self, entry, message):
        """Nothing was done, so nothing needs to be on flash: should the report be lost, the same will be said again.

        Returns False when this very command was refused before: the cloud is not listening, so once a cycle will do.
        """
        again, self.refused = self.refused == entry["id"], entry["id"]
        log.warning("command", "%s: %s" % (entry["name"], message))
        outcome.note(entry, outcome.FAILED, message)
        self._tell(entry)
        return not again

    def _begin(self, entry):
        """First the journal, then the deed. False when the cloud no longer wants it."""
        if self._journal.entry != entry:
            self._journal.save(entry)
        self._journal.know(entry)  # what happens to it from here on is known, even if flash should fail
        try:
            self._cloud.update_command(entry["id"], IN_PROGRESS, "")
        except RefusedError as e:
            if e.status not in GONE:
                raise
            log.warning("command", "%s: withdrawn (%s)" % (entry["name"], e))
            outcome.note(entry, outcome.FAILED, "withdrawn")
            entry["reported"] = True
            self._journal.save(entry)
            return False
        log.info("command", "running %s" % entry["name"])
        return True

    def _report(self, entry):
        """Tell the outcome; it stays owed when that does not get through."""
        self._tell(entry)
        if not entry["reported"]:
            entry["reported"] = True
            self._journal.save(entry)

    def _tell(self, entry):
        try:
            self._cloud.update_command(entry["id"], entry["phase"], entry["message"])
        except RefusedError as e:
            if e.status not in GONE:
                raise
            log.warning("command", "%s: outcome no longer wanted (%s)" % (entry["name"], e))
