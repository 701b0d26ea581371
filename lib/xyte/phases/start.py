"""At start: the settings, and who we are."""

from xyte import log, phase
from xyte.services.secrecy import hide


def begin(state):
    """Makes state.settings and state.identity. Raises SettingsError, StoreError; then it is to be tried again."""
    chip = state.chip
    settings = phase.call("xyte.phases.start", "read_settings", chip)
    for secret in (settings.hardware_key, settings.setup_password):
        hide(secret)
    for network in settings.wifi:
        hide(network.get("key"))
    state.settings = settings
    log.info("agent", "version %s, started after %s" % (state.version, chip.reset_cause()))
    state.identity = phase.call("xyte.services.vault", "current", state)
    if state.identity:
        log.info("agent", "registered as %s" % state.identity["id"])
    phase.call("xyte.services.timekeeper", "start", state)


def read_settings(chip):
    """In a phase of its own: the rules are a large part of all code."""
    from xyte.core.settings_rules import LEVELS
    from xyte.services.settings_file import SettingsFile

    settings = SettingsFile(chip.keys, chip.root).load()
    log.configure(LEVELS.index(settings.log_level), chip.clock.ticks_ms)
    return settings
