"""Follows the cloud's queue of commands, one at a time: each is begun at most once, and reported as it really went."""

from micropython import const
from xyte import log
from xyte.core import commands, outcome
from xyte.errors import CommandError, RefusedError
from xyte.services.calls import GONE, IN_PROGRESS

_MOST_AT_ONCE = const(8)


class Executor:
    """cloud: Calls. known: name -> parameters that it needs, of all commands that this device can carry out.

    boot: id of this run of the agent. refused: id of the command that was refused last; kept by whoever makes the next
    Executor.
    """

    def __init__(self, cloud, journal, known, boot, refused=None):
        self._cloud, self._journal, self._known, self._boot = cloud, journal, known, boot
        self.refused = refused

    def next(self):
        """The next command to carry out, noted as started, or None; but first report what is owed.

        Raises LinkError, RefusedError (the queue is looked at again later), StoreError (nothing was begun).
        """
        if self._journal.owes():
            self._report(self._journal.entry)
        for _ in range(_MOST_AT_ONCE):
            command = self._cloud.command()
            if not command:
                break
            begun, go_on = self._handle(command)
            if begun:
                return command
            if not go_on:
                break
        return None

    def _handle(self, command):
        """(has it begun, else: is there a point in asking for the next command now?)"""
        entry = self._journal.entry
        choice = commands.decide(command, entry, self._boot)
        if choice == commands.REPORT:
            again = entry["reported"]  # the cloud has been told already and still shows it: tell it once a cycle
            self._report(entry)
            return False, not again
        entry = commands.entry(command, self._boot)
        try:
            if choice == commands.UNKNOWN:
                raise CommandError("found in progress, and no record of its start; not run")
            commands.check(command, self._known)
        except CommandError as e:
            return False, self._refuse(entry, str(e))
        return self._begin(entry), True

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
