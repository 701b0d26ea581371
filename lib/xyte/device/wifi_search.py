"""While there is no link: the known networks in turn, and the set-up portal when they are of no use.

The driver's own reconnecting is switched off: it would go on for ever after a wrong password, hide the reason, and
make every connect() during it an error. Each attempt here begins with disconnect() and ends by what wifi_rules says.
"""

from micropython import const
from xyte import log, phase
from xyte.core import ladder, wifi_rules

_REST_MS = const(5000)
_LONGEST_REST_MS = const(30000)
_DUTY_MS = const(300000)  # between two rounds while the portal is open: they make its hot spot stutter
_RADIO_ROUNDS = const(4)  # fruitless rounds until the radio is switched off and on
_LEAVE_MS = const(1000)
_FROM_FILES = "/lib/xyte/" in __file__ and __file__.endswith(".mpy")  # an image has the names of its modules in ROM
_ERRORS = (OSError, RuntimeError, ValueError)  # the port's WLAN raises them all, some with a text for an errno


class Attempt:
    """One try to join a network. chosen: as in the settings. bssid: of the access point, None for any.

    outcome: None while it runs, "" or why it failed.
    """

    def __init__(self, link, chosen, bssid=None):
        self._clock, self._wlan = link.chip.clock, link.wlan
        self.ssid, self.outcome = chosen["ssid"], None
        self._key, self._bssid, self._again = chosen.get("key") or None, bssid, True
        log.debug("wifi", "trying %s" % self.ssid)
        try:
            self._begin(link, chosen)
        except _ERRORS as e:
            self._fail("%s" % e)

    def _begin(self, link, chosen):
        wlan = self._wlan
        link.network.hostname(link.settings.hostname or "xyte-" + link.chip.mac()[9:].replace(":", ""))
        if not wlan.active():
            wlan.active(True)
        leave(wlan, self._clock)
        wlan.config(reconnects=0)
        power = link.settings.tx_power_dbm
        if power:  # each time: the driver forgets it when the radio is switched off
            wlan.config(txpower=power)
        if chosen.get("ip"):
            gateway = chosen["gateway"]
            wlan.ifconfig((chosen["ip"], chosen["mask"], gateway, chosen.get("dns") or gateway))
        else:
            wlan.ipconfig(dhcp4=True)
        self._connect()

    def _connect(self):
        self._since = self._clock.ticks_ms()
        self._before = self._wlan.status()
        self._wlan.connect(self.ssid, self._key, bssid=self._bssid)

    def step(self, up):
        """Returns the outcome, None while there is none. up: has the station an address?"""
        if self.outcome is None:
            if up:
                self.outcome = ""
                log.info("wifi", "connected to %s" % self.ssid)
            else:
                self._look()
        return self.outcome

    def _look(self):
        status = self._wlan.status()
        elapsed = self._clock.ticks_diff(self._clock.ticks_ms(), self._since)
        try:
            self._wlan.status("rssi")
            joined = True
        except _ERRORS:
            joined = False
        if not wifi_rules.is_lost(status, self._before, elapsed, joined):
            return
        if self._again and wifi_rules.may_pass(status):
            self._again = False
            try:
                return self._connect()
            except _ERRORS as e:
                return self._fail("%s" % e)
        self._fail(wifi_rules.why(status, joined))

    def _fail(self, why):
        log.warning("wifi", "%s: %s" % (self.ssid, why))
        self.outcome = why
        leave(self._wlan, self._clock)  # or a late success would go unnoticed


def leave(wlan, clock):
    """Disconnect. That the link is gone shows a moment later only, and would till then be taken for the new one."""
    try:
        wlan.disconnect()
    except _ERRORS:
        pass  # the radio is off
    until = clock.after_ms(_LEAVE_MS)
    while wlan.isconnected() and clock.left_ms(until) > 0:
        clock.sleep_ms(10)


class Search:
    """From the loss of the link until there is one again. link: Wifi. leave: begin with an attempt, link or not."""

    def __init__(self, link, leave_first):
        self._link, self._clock = link, link.chip.clock
        self._since = self._wake = self._clock.ticks_ms()
        self._attempt = self.portal = None
        self._tried = self._rounds = 0
        settings = link.settings
        # The portal opens so long after the loss of the link; None: never.
        self._portal_ms = settings.setup_after_s * 1000 or None if settings.setup_password else None
        if link.asked or not link.networks:
            link.asked, self._portal_ms = False, 0
            leave(link.wlan, self._clock)
        elif leave_first:
            self._try_next()

    def step(self, up):
        """Returns True when the link is up and the search is over. up: has the station an address?"""
        try:
            return self._step(up)
        except _ERRORS as e:
            log.warning("wifi", "%r" % e)
            self._rest(_REST_MS)
            return False

    def _step(self, up):
        portal, link = self.portal, self._link
        if portal:
            portal.step(up)
            if portal.over:
                link.networks, link.now = portal.networks, 0
                self._close_portal()
                if portal.written:
                    self._restart()
            elif portal.trial:  # somebody is setting it up: nothing of ours may come between
                self._attempt = None
                return False
        if up or self._attempt:
            return self._judge(up)
        portal = self.portal
        if not portal and self._portal_ms is not None and self._elapsed_ms() >= self._portal_ms:
            self._open_portal()
        elif link.networks and self._clock.left_ms(self._wake) <= 0 and not (portal and portal.visited()):
            self._try_next()
        return False

    def _judge(self, up):
        """An attempt is running, or the link is there."""
        outcome = self._attempt.step(up) if self._attempt else ""
        if outcome is None:
            return False
        self._attempt = None
        if outcome:
            self._after_failure()
            return False
        if self.portal:
            self._close_portal()
            if _FROM_FILES:
                self._restart()
        return True

    def _restart(self):
        """The only way to get rid of the names that the portal's modules brought: TLS wants their room."""
        log.info("wifi", "restarting: the set-up page leaves no room")
        self._link.chip.clear_boots()
        self._link.chip.reset()

    def _after_failure(self):
        link = self._link
        link.now = (link.now + 1) % len(link.networks)
        self._tried += 1
        if self._tried == len(link.networks):  # each has failed once; the best one begins the next round
            self._tried = link.now = 0
            self._rounds += 1
            self._end_round()

    def _end_round(self):
        link = self._link
        self._rest(_DUTY_MS if self.portal else min(_REST_MS << min(self._rounds, 6), _LONGEST_REST_MS))
        if not self._rounds % _RADIO_ROUNDS and not self.portal:
            link.history = ladder.count(link.counts, "radio")
            link.wlan.active(False)
        wait_s = ladder.reset_after_s(link.settings.link_reset_s, link.resets)
        if wait_s and self._elapsed_ms() >= wait_s * 1000 and not (self.portal and self.portal.visited()):
            from xyte.device import link_repair

            link_repair.count(link, "reset")
            link_repair.reset(link)

    def _try_next(self):
        link = self._link
        self._attempt = Attempt(link, link.networks[link.now], link.bssid)
        link.bssid = None

    def _rest(self, ms):
        self._wake = self._clock.after_ms(ms)

    def _elapsed_ms(self):
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._since)

    def _close_portal(self):
        self.portal.close()
        self.portal = None
        self._rest(0)
        self._portal_ms = self._elapsed_ms() + _DUTY_MS

    def _open_portal(self):
        try:
            self.portal = phase.call("xyte.portal.portal", "opened", self._link)
            self._rest(_DUTY_MS)
        except (ImportError, MemoryError, OSError, RuntimeError) as e:  # later it may go better
            log.error("portal", "no memory for it" if isinstance(e, MemoryError) else "%r" % e)
            self._portal_ms = self._elapsed_ms() + _DUTY_MS
