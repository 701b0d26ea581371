"""A command being carried out: its handler, what the operator hears meanwhile, and how it ends."""

from xyte import log
from xyte.core import commands
from xyte.core.values import clip
from xyte.errors import CommandError, LinkError, RefusedError

IN_PROGRESS = "in_progress"
GONE = (404, 409, 410, 422)  # cancelled, timed out, finished: nobody waits for this report any more


def carry_out(run, params, journal, cloud, feed):
    """Run the handler for the journal's entry, and keep the outcome there. Raises StoreError when flash did not."""
    entry = journal.entry
    try:
        result = run(params, Progress(cloud, entry, feed))
        phase, message = commands.DONE, "" if result is None else str(result)
    except CommandError as e:
        phase, message = commands.FAILED, str(e)
    except KeyboardInterrupt:
        commands.end(entry, commands.FAILED, "stopped from the console")
        raise
    except Exception as e:  # the user's code: whatever it raises is the command's failure, told to the operator
        phase, message = commands.FAILED, "%s: %s" % (type(e).__name__, e)
    commands.end(entry, phase, message)
    log.info("command", "%s: %s %s" % (entry["name"], phase, entry["message"]))
    journal.save(entry)


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
            self._cloud.update_command(self.command, IN_PROGRESS, clip(str(message), commands.MESSAGE_BYTES))
        except RefusedError as e:
            log.warning("command", "progress not taken: %s" % e)
            return e.status not in GONE
        except LinkError as e:
            log.warning("command", "progress not told: %s" % e)
        return True
