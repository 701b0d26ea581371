"""At start: read the settings, then what flash knows, and settle what the restart may have interrupted."""

from xyte import log, phase
from xyte.services.vault import Vault


def start(state):
    """Returns Settings. Raises SettingsError, StoreError; then it is to be tried again."""
    chip = state.chip
    settings = phase.call("xyte.phases.start", "read_settings", chip)
    for secret in (settings.hardware_key, settings.setup_password):
        log.hide(secret)
    for network in settings.wifi:
        log.hide(network.get("key"))
    state.settings = settings
    log.configure(settings.log_level, chip.clock.ticks_ms)
    chip.start(settings, state.version)
    log.info("agent", "version %s, started after %s" % (state.version, chip.reset_cause()))
    phase.call("xyte.services.timekeeper", "start", state)
    vault = Vault(chip.keys, chip.root)
    vault.load()
    state.identity = vault.current
    if state.identity:
        log.info("agent", "registered as %s" % state.identity["id"])
    phase.call("xyte.phases.obedience", "resume", state)
    if chip.keys.get("update"):
        phase.call("xyte.phases.rollback", "resume", state)
    return settings


def read_settings(chip):
    """In a phase of its own: the rules are a large part of all code."""
    from xyte.services.settings_file import SettingsFile

    return SettingsFile(chip.keys, chip.root).load()
