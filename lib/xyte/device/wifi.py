"""The Wi-Fi link: on the best of the known networks, and alive. This much is loaded while all is well.

What is done while it is down is in wifi_search.py; what is done when it is up and nobody answers, in link_repair.py.
A link of another kind, see `Agent(link=...)`, has step, heard, failed, rssi and `history`.
"""

from micropython import const
from xyte import log, phase

_LOOK_MS = const(600000)
_LONGEST_LOOK_MS = const(14400000)
_WEAK_DBM = const(-80)
_REPAIR_FROM = const(3)


class Wifi:
    """settings: Settings. chip: its clock, keys, boots. network: the port's module of that name.

    version: of the application, for the set-up page. asked: somebody has held the set-up button.
    now: index of the network in use. bssid: of the access point to join next, None for any.
    silent: requests in a row without an answer; silent_ms: ticks of the first.
    done: rungs of the ladder tried since. resets: of those that did not help, how many in a row.
    counts: what was lost and repaired, how often; history: the same as a text for telemetry, or None.
    """

    def __init__(self, settings, chip, network, version):
        self.settings, self.chip, self.network, self.version = settings, chip, network, version
        self.networks = settings.wifi
        self.wlan = network.WLAN(network.WLAN.IF_STA)
        self.now = self.silent = self.done = self.silent_ms = 0
        self.bssid = None
        self.counts, self.history = {}, None
        self.resets = phase.call("xyte.device.link_repair", "recall", self)
        self.asked = False
        self._button = None
        if settings.setup_password and settings.setup_pin >= 0:
            self._button = chip.button(settings.setup_pin)
        self._kept = bool(self.networks or settings.setup_password)  # else somebody else looks after the link
        self._look_ms = self._look_pause_ms = _LOOK_MS
        self._search = None
        if self._kept and not self.wlan.isconnected():
            self.search()

    def step(self):
        """Look after the link. Returns True while it is up."""
        if self._button and self._button.was_held() and not (self._search and self._search.portal):
            self.asked = True
            self.search()
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
            self.history = phase.call("xyte.core.ladder", "count", self.counts, "lost")
            self._look_pause_ms, self.silent = _LOOK_MS, 0
            self.search()
            return False
        if self.networks and self.chip.clock.left_ms(self._look_ms) <= 0:
            self._look_ms = self.chip.clock.after_ms(self._look_pause_ms)
            if (self.now or (self.rssi() or 0) < _WEAK_DBM) and phase.call("xyte.device.wifi_scan", "goes_back", self):
                self._look_pause_ms = min(2 * self._look_pause_ms, _LONGEST_LOOK_MS)  # if that fails, look less often
                self.search(True)
                return False
        return True

    def heard(self):
        """A request was answered, whatever the answer was."""
        self.silent = 0
        if self.resets:
            self.resets = 0
            phase.call("xyte.device.link_repair", "forget", self)

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

    def search(self, leave=False):
        """Find a network. leave: also if that means to leave the one that is there. For link_repair too."""
        from xyte.device.wifi_search import Search

        self._search = Search(self, leave)
