"""How far a command is, for the operator."""

from xyte import log
from xyte.core.outcome import MESSAGE_BYTES
from xyte.core.values import clip
from xyte.errors import LinkError, RefusedError
from xyte.services.calls import GONE, IN_PROGRESS, Calls


def tell(state, message):
    """Say how far the command is that the journal has as started.

    Returns False when the cloud no longer wants the command; trouble is only logged.
    """
    entry = state.journal[1]
    state.chip.feed()
    log.info("command", "%s: %s" % (entry["name"], message))
    try:
        Calls(state.cloud).update_command(entry["id"], IN_PROGRESS, clip(str(message), MESSAGE_BYTES))
    except RefusedError as e:
        log.warning("command", "progress not taken: %s" % e)
        return e.status not in GONE
    except LinkError as e:
        log.warning("command", "progress not told: %s" % e)
    return True
