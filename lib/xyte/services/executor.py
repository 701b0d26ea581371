"""Carries out the cloud's commands, one at a time: at most once each, and reported as it really went."""

from xyte import log
from xyte.core import commands
from xyte.core.values import clip
from xyte.errors import CommandError, LinkError, RefusedError, StoreError

_IN_PROGRESS = "in_progress"
_GONE = (404, 409, 410, 422)  # cancelled, timed out, finished: nobody waits for this report any more
_MOST_AT_ONCE = 8
_MESSAGE_BYTES = 500


class Executor:
    """rows: name -> commands.Row. chip: for the id of this run of the agent, why it started, and the watchdog."""

    def __init__(self, cloud, journal, rows, chip):
        self._cloud, self._journal, self._rows = cloud, journal, rows
        self._refused = None  # id of the last command that was refused
        self._boot, self._restart, self._feed = chip.session, chip.reset_cause(), chip.feed

    def settle(self):
        """At start: give a command that a restart interrupted its outcome, to be reported with the next `drain`."""
        entry = self._journal.entry
        if commands.settle(entry, self._boot, self._restart, self._rows):
            try:
                self._journal.save(entry)
            except StoreError as e:  # the next start will come to the same outcome
                log.error("command", e)
            log.info("command", "%s from before the restart: %s" % (entry["name"], entry["phase"]))

    def drain(self, command):
        """Carry out this command and those queued behind it, until there is none; but first report what is owed.

        command: the head of the queue; None when an outcome is owed, which comes before any look at the queue.

        Raises LinkError, RefusedError (the queue is looked at again later), StoreError (nothing was run).
        """
        if self._journal.owes():
            self._report(self._journal.entry)
            command = self._cloud.command()
        for _ in range(_MOST_AT_ONCE):
            if not command or not self._handle(command):
                return
            command = self._cloud.command()

    def _handle(self, command):
        """Returns False when there is no point in asking for the next command now."""
        entry = self._journal.entry
        choice = commands.decide(command, entry, self._boot)
        if choice == commands.REPORT:
            again = entry["reported"]  # the cloud has been told already and still shows it: tell it once a cycle
            self._report(entry)
            return not again
        entry = commands.entry(command, self._boot)
        try:
            if choice == commands.UNKNOWN:
                raise CommandError("found in progress, and no record of its start; not run")
            row = commands.check(command, self._rows)
        except CommandError as e:
            return self._refuse(entry, str(e))
        self._run(row, command, entry)
        return True

    def _refuse(self, entry, message):
        """Nothing was done, so nothing needs to be on flash: should the report be lost, the same will be said again.

        Returns False when this very command was refused before: the cloud is not listening, so once a cycle will do.
        """
        again, self._refused = self._refused == entry["id"], entry["id"]
        log.warning("command", "%s: %s" % (entry["name"], message))
        _end(entry, commands.FAILED, message)
        self._tell(entry)
        return not again

    def _run(self, row, command, entry):
        if self._journal.entry != entry:
            self._journal.save(entry)  # first the journal, then the deed
        self._journal.entry = entry  # from here on what happens to it is known, even if flash should fail
        try:
            self._cloud.update_command(entry["id"], _IN_PROGRESS, "")
        except RefusedError as e:
            if e.status not in _GONE:
                raise
            log.warning("command", "%s: withdrawn (%s)" % (entry["name"], e))
            _end(entry, commands.FAILED, "withdrawn")
            entry["reported"] = True
            return self._journal.save(entry)
        log.info("command", "running %s" % entry["name"])
        try:
            result = row.run(command["parameters"], Progress(self._cloud, entry, self._feed))
            phase, message = commands.DONE, "" if result is None else str(result)
        except CommandError as e:
            phase, message = commands.FAILED, str(e)
        except KeyboardInterrupt:
            _end(entry, commands.FAILED, "stopped from the console")
            raise
        except Exception as e:  # the user's code: whatever it raises is the command's failure, told to the operator
            phase, message = commands.FAILED, "%s: %s" % (type(e).__name__, e)
        _end(entry, phase, message)
        log.info("command", "%s: %s %s" % (entry["name"], phase, entry["message"]))
        self._journal.save(entry)
        self._report(entry)

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
            if e.status not in _GONE:
                raise
            log.warning("command", "%s: outcome no longer wanted (%s)" % (entry["name"], e))


def _end(entry, phase, message):
    entry["phase"], entry["message"] = phase, clip(message, _MESSAGE_BYTES)


class Progress:
    """What a handler is given to say how far it is. command: the id of the command it carries out."""

    def __init__(self, cloud, entry, feed):
        self._cloud, self._entry, self._feed = cloud, entry, feed
        self.command = entry["id"]

    def __call__(self, message):
        """Tell the operator. Returns False when the cloud no longer wants the command; trouble is only logged."""
        self._feed()
        log.info("command", "%s: %s" % (self._entry["name"], message))
        try:
            self._cloud.update_command(self.command, _IN_PROGRESS, clip(str(message), _MESSAGE_BYTES))
        except RefusedError as e:
            log.warning("command", "progress not taken: %s" % e)
            return e.status not in _GONE
        except LinkError as e:
            log.warning("command", "progress not told: %s" % e)
        return True
