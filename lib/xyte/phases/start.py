"""At start: read the settings, then what flash knows, and settle what the restart may have interrupted."""

from xyte import log, phase
from xyte.services.vault import Vault


def read_settings(state):
    """Returns Settings. Raises SettingsError, StoreError."""
    from xyte.services.settings_file import SettingsFile

    settings = SettingsFile(state.chip.keys, state.chip.root).load()
    log.hide(settings.hardware_key)
    log.hide(settings.setup_password)
    for network in settings.wifi:
        log.hide(network.get("key"))
    state.settings = settings
    return settings


def recall(state):
    """Raises StoreError."""
    vault = Vault(state.chip.keys, state.chip.root)
    vault.load()
    state.identity = vault.current
    if state.identity:
        log.info("agent", "registered as %s" % state.identity["id"])
    phase.call("xyte.phases.obedience", "resume", state)
    if state.chip.keys.get("update"):
        phase.call("xyte.phases.rollback", "resume", state)
