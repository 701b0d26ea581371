"""How far a command is, for the operator."""

from xyte import log
from xyte.core.outcome import IN_PROGRESS, MESSAGE_BYTES
from xyte.core.values import clip
from xyte.errors import LinkError, RefusedError
from xyte.services.calls import update_command


def tell(state, message):
    """Say how far the command is that the journal has as started.

    Returns False when the cloud no longer wants the command; trouble is only logged.
    """
    entry, message = state.journal[1], clip(str(message), MESSAGE_BYTES)
    state.chip.feed()
    log.info("command", "%s: %s" % (entry["name"], message))
    try:
        gone = update_command(state.cloud, entry["id"], IN_PROGRESS, message)
    except (LinkError, RefusedError) as e:
        log.warning("command", "progress not told: %s" % e)
        return True
    if gone:
        log.warning("command", "progress not taken: %s" % gone)
    return not gone
