"""The cloud has taken a first telemetry: prove the code that runs, and tell its version if that is new."""

from xyte import VERSION, log, phase
from xyte.errors import LinkError, RefusedError
from xyte.services.calls import tell

_NO_APPLICATION = "0.0.0"  # safe mode has it


def settle(state):
    """Returns True when the cloud's answer was to a version that is no longer true. Raises SettingsError, StoreError;
    then it is to be tried again.
    """
    if state.trial_ms is not None:
        phase.call("xyte.services.trial", "prove", state)
    keys = state.chip.keys
    known, running = keys.get("version"), _versions(state)
    is_news = known != running and state.version != _NO_APPLICATION
    if is_news:
        agent_only = (known or b" ").decode().split(" ")[0] == state.version
        changed = VERSION if agent_only else state.version  # one number for both: the newest news
        try:
            # The cloud takes ten of these an hour, and none with a field that it does not know.
            tell(state.cloud, "PUT", "", {"firmware_version": changed})
            keys.set("version", running)
        except RefusedError as e:  # ten an hour at most, and not worth more than one try a start
            log.warning("cloud", "version not taken: %s" % e)
        except LinkError as e:  # again with the next telemetry; commands do not wait for it
            log.warning("cloud", "version not told: %s" % e)
            return True
    state.unsettled = False
    return is_news


def note_versions(state):
    """The cloud knows the running versions, of application and agent. Raises StoreError."""
    state.chip.keys.set("version", _versions(state))


def _versions(state):
    return (state.version + " " + VERSION).encode()
