"""At start: read the settings, then what flash knows, and settle what the restart may have interrupted."""

from xyte import log, phase
from xyte.services.secrecy import hide


def start(state):
    """Makes state.settings. Raises SettingsError, StoreError; then it is to be tried again."""
    begin(state)
    phase.call("xyte.services.journal", "recall", state)
    entry = state.journal[1]
    if entry and not entry["reported"]:
        phase.call("xyte.phases.aftermath", "settle", state)
    if state.chip.keys.get("update"):
        phase.call("xyte.phases.rollback", "resume", state)


def begin(state):
    """The part that the updater does too."""
    chip = state.chip
    settings = phase.call("xyte.phases.start", "read_settings", chip)
    for secret in (settings.hardware_key, settings.setup_password):
        hide(secret)
    for network in settings.wifi:
        hide(network.get("key"))
    state.settings = settings
    chip.start(settings, state.version)
    log.info("agent", "version %s, started after %s" % (state.version, chip.reset_cause()))
    phase.call("xyte.services.timekeeper", "start", state)
    state.identity = phase.call("xyte.phases.start", "read_identity", chip)
    if state.identity:
        log.info("agent", "registered as %s" % state.identity["id"])


def read_settings(chip):
    """In a phase of its own: the rules are a large part of all code."""
    from xyte.core.settings_rules import LEVELS
    from xyte.services.settings_file import SettingsFile

    settings = SettingsFile(chip.keys, chip.root).load()
    log.configure(LEVELS.index(settings.log_level), chip.clock.ticks_ms)
    return settings


def read_identity(chip):
    """Likewise."""
    from xyte.services.vault import Vault

    vault = Vault(chip.keys, chip.root)
    vault.load()
    return vault.current
