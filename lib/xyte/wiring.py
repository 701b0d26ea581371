"""Where the parts are made and handed to each other; what most cycles do without is imported when first needed."""

import sys

from xyte import log
from xyte.services.journal import Journal
from xyte.services.vault import Vault

BUILT_IN = ("reboot",)
_ONCE = (("xyte.services", "settings_file"), ("xyte.core", "settings_rules"))


def read_settings(chip):
    """The settings. What read them is let go of again: it is a tenth of all code, and never needed twice.

    Raises SettingsError, StoreError.
    """
    from xyte.services.settings_file import SettingsFile

    try:
        settings = SettingsFile(chip.keys, chip.root).load()
    finally:
        for package, name in _ONCE:
            if sys.modules.pop(package + "." + name, None):
                delattr(sys.modules[package], name)
    log.hide(settings.hardware_key)
    for network in settings.wifi:
        log.hide(network.get("key"))
    return settings


def http_client(chip, module, buffer_bytes):
    """The agent's own client, or, given a module with urequests' `request`, that one in its place."""
    if module:
        from xyte.services.stock import StockSession  # here: few want it

        return StockSession(module, buffer_bytes)
    from xyte.services.http import Session

    return Session(chip.connect, chip.clock, chip.feed, buffer_bytes)


class Rare:
    """The parts that most cycles do without, for Cycle.

    commands: name -> (run, needs) of the user.
    """

    def __init__(self, chip, cloud, commands):
        self._chip, self._commands = chip, commands
        self._executor = self._facts = None
        self.cloud = cloud
        self.vault = Vault(chip.keys, chip.root)
        self.journal = Journal(chip.keys)

    def start(self, settings, version):
        """Read what flash knows, and settle the command that the restart may have interrupted. Raises StoreError."""
        self._facts = _facts(settings, version, self._chip.mac())
        self.vault.load()
        if self.vault.current:
            log.info("agent", "registered as %s" % self.vault.current["id"])
        self.journal.load()
        if self.journal.entry and not self.journal.entry["reported"]:
            self.executor().settle()

    def executor(self):
        if not self._executor:
            from xyte.core.commands import Row
            from xyte.handlers import reboot
            from xyte.services.executor import Executor

            rows = {name: Row(*self._commands[name]) for name in self._commands}
            rows["reboot"] = reboot.row(self._restart)
            self._executor = Executor(self.cloud, self.journal, rows, self._chip)
        return self._executor

    def registrar(self):
        from xyte.services.registrar import Registrar

        return Registrar(self.cloud, self.vault, self._facts)

    def _restart(self):
        """A restart that is wanted: it must not count as a sign of trouble."""
        self._chip.boots.clear()
        self._chip.reset()


def _facts(settings, version, mac):
    """What Register Device is told."""
    mac = settings.mac or mac
    facts = {
        "hardware_key": settings.hardware_key,
        "sn": settings.sn or mac.replace(":", ""),
        "mac": mac,
        "firmware_version": version,
    }
    for key in ("cloud_id", "name", "sub_model"):
        if getattr(settings, key):
            facts[key] = getattr(settings, key)
    return facts
