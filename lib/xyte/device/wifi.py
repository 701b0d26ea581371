"""The Wi-Fi link: on the best of the known networks, and alive. This much is loaded while all is well.

What is done while it is down is in wifi_search.py; what is done when it is up and nobody answers, in link_repair.py.
A link of another kind, see `Agent(link=...)`, has the four methods that are not marked as internal, and `history`.
"""

from micropython import const
from xyte import log, phase
from xyte.errors import StoreError

_LOOK_MS = const(600000)
_LONGEST_LOOK_MS = const(14400000)
_REPAIR_FROM = const(3)
_RESETS_KEY = "link_resets"


class Wifi:
    """settings: Settings. chip: its clock, keys, boots. network: the port's module of that name.

    version: of the application, for the set-up page. asked: somebody holds the set-up button.
    now: index of the network in use. silent: requests in a row without an answer; silent_ms: ticks of the first.
    done: rungs of the ladder tried since. resets: of those that did not help, how many in a row.
    history: what was lost and repaired, as a text for telemetry, or None.
    """

    def __init__(self, settings, chip, network, version):
        self.settings, self.chip, self.network, self.version = settings, chip, network, version
        self.networks = settings.wifi
        self.wlan = network.WLAN(network.WLAN.IF_STA)
        self.now = self.silent = self.done = self.silent_ms = 0
        self.counts, self.history = {}, None
        self.resets = (chip.keys.get(_RESETS_KEY) or b"\0")[0]
        if self.resets:
            self.count("reset", self.resets)
        self.asked = bool(settings.setup_password) and chip.pressed(settings.setup_pin)
        self._kept = bool(self.networks or settings.setup_password)  # else somebody else looks after the link
        self._look_ms = self._look_pause_ms = _LOOK_MS
        self._search = None
        if self._kept and (self.asked or not self.wlan.isconnected()):
            self.search()

    def step(self):
        """Look after the link. Returns True while it is up."""
        up = self.wlan.isconnected()
        if self._search:
            if self._search.step(up):
                self._search = None
                self._look_ms = self.chip.clock.after_ms(self._look_pause_ms)
                phase.forget("xyte.device.wifi_search", "xyte.core.wifi_rules")
                return True
            return False
        if not up and self._kept:
            log.warning("wifi", "link lost")
            self.count("lost")
            self._look_pause_ms = _LOOK_MS
            self.search()
            return False
        if self.now and self.chip.clock.left_ms(self._look_ms) <= 0:
            self._look_for_better()
        return True

    def heard(self):
        """A request was answered, whatever the answer was."""
        self.silent = 0
        if self.resets:
            self.resets = 0
            try:
                self.chip.keys.erase(_RESETS_KEY)
            except StoreError as e:  # the answer counts; the next start waits longer than it need
                log.warning("wifi", e)

    def failed(self, error):
        """No answer came. error: the LinkError."""
        if not self.silent:
            self.done, self.silent_ms = 0, self.chip.clock.ticks_ms()
        self.silent += 1
        if self.silent >= _REPAIR_FROM and self._kept and not self._search:
            phase.call("xyte.device.link_repair", "step", self, error)

    def rssi(self):
        """Signal strength in dBm, or None when there is no link."""
        try:
            return self.wlan.status("rssi")
        except (OSError, RuntimeError, ValueError):
            return None

    # --- internal: for wifi_search and link_repair

    def count(self, name, times=1):
        """Something was repaired, or lost."""
        self.counts[name] = self.counts.get(name, 0) + times
        self.history = phase.call("xyte.core.ladder", "history", self.counts)

    def keep_resets(self, count):
        """On flash, so that each that does not help doubles the wait for the next. Raises StoreError."""
        self.chip.keys.set(_RESETS_KEY, bytes((min(count, 255),)))

    def search(self, leave=False):
        """Find a network. leave: also if that means to leave the one that is there."""
        from xyte.device.wifi_search import Search

        self._search = Search(self, leave)

    def open_portal(self):
        """The set-up portal, see portal/portal.py."""
        return phase.call("xyte.portal.portal", "opened", self)

    def _look_for_better(self):
        """Leave this network only for a better one that can be heard; if that then fails, look less often."""
        self._look_ms = self.chip.clock.after_ms(self._look_pause_ms)
        try:
            best = phase.call("xyte.core.wifi_rules", "better", self.networks, self.now, self.wlan.scan())
        except (OSError, RuntimeError) as e:
            log.warning("wifi", "%r" % e)
            return
        if best >= 0:
            log.info("wifi", "back to %s" % self.networks[best]["ssid"])
            self._look_pause_ms = min(2 * self._look_pause_ms, _LONGEST_LOOK_MS)
            self.now = best
            self.search(True)
