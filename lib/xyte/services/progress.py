"""How far a command is, for the operator."""

from xyte import log
from xyte.core.outcome import MESSAGE_BYTES
from xyte.core.values import clip
from xyte.errors import LinkError, RefusedError
from xyte.services.calls import Calls

IN_PROGRESS = "in_progress"
GONE = (404, 409, 410, 422)  # cancelled, timed out, finished: nobody waits for this report any more


def tell(state, message):
    """How far the command is that the journal has as started; see Progress."""
    return Progress(Calls(state.cloud), state.journal[1], state.chip.feed)(message)


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
            self._cloud.update_command(self.command, IN_PROGRESS, clip(str(message), MESSAGE_BYTES))
        except RefusedError as e:
            log.warning("command", "progress not taken: %s" % e)
            return e.status not in GONE
        except LinkError as e:
            log.warning("command", "progress not told: %s" % e)
        return True
