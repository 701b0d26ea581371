"""Where the parts are made and handed to each other; what most cycles do without is imported when first needed."""

import gc
import sys

from micropython import const
from xyte import VERSION, log
from xyte.core.values import clip
from xyte.errors import RefusedError
from xyte.services.journal import Journal
from xyte.services.vault import Vault

BUILT_IN = ("reboot", "update_firmware")
_BLOCK_BYTES = const(4096)
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
    log.hide(settings.setup_password)
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

    hooks: what the application hangs in: version, commands (name -> (run, needs)), before_update and self_tests
    (callables), and the crash note of the last run.
    """

    def __init__(self, chip, cloud, http, settings, hooks):
        self._chip, self._http, self._settings = chip, http, settings
        self._hooks, self._version = hooks, hooks.version
        self._executor = self._updater = self._trial = self._offer = None
        self.last_update = ""  # what became of an update that nobody commanded: no command tells it
        self.cloud = cloud
        self.vault = Vault(chip.keys, chip.root)
        self.journal = Journal(chip.keys)
        self.unsettled = True  # there is something to do once the cloud has taken a telemetry

    def start(self):
        """Read what flash knows, and settle what the restart may have interrupted. Raises StoreError."""
        self.vault.load()
        if self.vault.current:
            log.info("agent", "registered as %s" % self.vault.current["id"])
        self.journal.load()
        if self.journal.entry and not self.journal.entry["reported"]:
            self.executor().settle()
        if self._chip.keys.get("update"):
            self._resume_update()

    def _resume_update(self):
        updater = self.updater()
        if updater.record.now and updater.record.now["command"] is None:
            outcome = updater.after_restart(None, self._chip.reset_cause(), self._hooks.crash.text)
            if outcome:
                self.told(outcome[1])
        now = updater.record.now
        if now and now["state"] == "trial":
            from xyte.services.trial import Trial

            slots = self._chip.slots(now["kind"])
            self._trial = Trial(self._chip, updater.record, slots, self.journal, self._hooks.self_tests)

    def step(self):
        """What has a time limit of its own."""
        if self._trial:
            self._trial.step()
        elif self._offer and (not self.journal.entry or self.journal.entry["reported"]):
            self._offer.step()

    def offered(self, file):
        """file: id of a newer one in the cloud, or "". Without any command it is taken when the settings say so."""
        if not file or not self._settings.follow_latest:
            self._offer = None
        elif not self._offer or self._offer.file != file:
            from xyte.services.offer import Offer

            self._offer = Offer(file, self._chip, self.cloud, self.updater, self.told)

    def told(self, outcome):
        log.warning("update", outcome)
        self.last_update = clip(outcome)

    def settle_with_cloud(self):
        """The cloud has taken a telemetry: prove the code that runs, and tell its version if that is new."""
        if self._trial:
            self._trial.prove()
            self._trial = None
        known = (self._chip.keys.get("version") or b" ").decode().split(" ")
        if known != [self._version, VERSION]:
            changed = VERSION if known[0] == self._version else self._version  # one number for both: the newest news
            try:
                self.cloud.update_device({"firmware_version": changed})
                self.registered()
            except RefusedError as e:  # ten an hour at most, and not worth more than one try a start
                log.warning("cloud", "version not taken: %s" % e)
        self.unsettled = False

    def registered(self):
        """The cloud knows the running versions, of application and agent."""
        self._chip.keys.set("version", (self._version + " " + VERSION).encode())

    def executor(self):
        if not self._executor:
            from xyte.core.commands import Row
            from xyte.handlers import reboot
            from xyte.services.executor import Executor

            rows = {name: Row(*self._hooks.commands[name]) for name in self._hooks.commands}
            rows["reboot"] = reboot.row(self._restart)
            rows[self._settings.update_command] = self._update_row()
            self._executor = Executor(self.cloud, self.journal, rows, self._chip)
        return self._executor

    def _update_row(self):
        """The row itself costs little; what does the work is imported when an update comes, or was interrupted."""
        from xyte.handlers import update_firmware

        return update_firmware.row(self.updater, lambda: self._hooks.crash.text)

    def updater(self):
        if not self._updater:
            gc.collect()
            buf = bytearray(_BLOCK_BYTES)  # first: later there may be no piece of heap as large as a flash sector
            from xyte.services.updater import Updater

            self._updater = Updater(self._chip, self._http, self._settings, self._hooks, buf)
        return self._updater

    def registrar(self):
        from xyte.services.registrar import Registrar

        return Registrar(self.cloud, self.vault, _facts(self._settings, self._version, self._chip.mac()))

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
