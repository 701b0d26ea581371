"""The set-up portal: a hot spot with one page, on which a person at the site gives the board a Wi-Fi network.

What is typed is tried while the known networks stay as they are; only a network that worked is written down.
"""

import gc
import os
import sys
from binascii import hexlify

from micropython import const
from xyte import VERSION, log, phase
from xyte.core import settings_rules
from xyte.device.hotspot import Hotspot
from xyte.device.wifi_search import Attempt
from xyte.errors import SettingsError
from xyte.portal.known import remember
from xyte.portal.server import Server
from xyte.services.secrecy import hide

_WAIT_MS = const(100)
_LOOK_MS = const(300000)  # so long after the last look at the page somebody may still be there
_TELL_MS = const(4000)  # the phone asks for the page every 2 s while it waits for the outcome
_LONGEST_TELL_MS = const(30000)
_MOST_SEEN = const(20)
_NAME_BYTES = const(27)  # with the dash and four digits that makes the 32 of a network's name
_UNFIT = (5, 8, 9, 10, 13, 14, 15, 16)  # wifi_auth_mode_t of ESP-IDF
_CLAIM_PATH = "/claim.qr"


def opened(link):
    """The Portal of a link (Wifi)."""
    try:
        return Portal(link)
    except BaseException:  # what is not ours does not go with the phase
        phase.forget("microdot")
        raise


def _site(portal):
    had_asyncio = "asyncio" in sys.modules
    from xyte.portal.site import site

    if not had_asyncio:  # microdot brings it, and uses no more of it than the name
        phase.forget("asyncio.core", "asyncio")
    return site(portal)


class Portal:
    """link: Wifi.

    trial: the Attempt that runs, or has succeeded. over: that is told, too. networks: those known then, best first.
    written: they are on flash.
    For the page: name, facts (label, value), seen (ssid, dBm, locked), news (is it good, text), errors, token.
    """

    def __init__(self, link):
        chip, settings = link.chip, link.settings
        self._link, self._chip, self._clock = link, chip, chip.clock
        self.name = access_point_name(settings.name, chip.mac())
        self.facts = [("Name", settings.name)] if settings.name else []
        self.facts += [("Serial number", settings.sn or chip.mac().replace(":", "")), ("MAC", chip.mac()),
                       ("Firmware", "%s (agent %s)" % (link.version, VERSION))]
        self.token = hexlify(os.urandom(8)).decode()
        self.trial = self.news = self.networks = self._end = None
        self.errors = log.recent
        self.over = self.written = self._told = False
        self._looked = None
        self.seen = []
        self.scan()
        # Before the page's code: the heap grows for that, by what the chip has left, and the radio needs its part.
        self._hotspot = Hotspot(link.network, self.name, settings.setup_password, settings.tx_power_dbm)
        self.address = self._hotspot.address
        try:
            self._server = Server(self._hotspot, _site(self), self._clock)
        except BaseException:
            self._hotspot.close()
            raise
        log.info("portal", "open: join the network '%s', then http://%s/" % (self.name, self.address))

    def step(self, up):
        """Serve for a moment. up: has the station an address?"""
        if self.waiting and self.trial.step(up) is not None:
            self._judge()
        self._server.step(_WAIT_MS)
        if self._end is not None and self._clock.left_ms(self._end) <= 0:
            self.over = True

    def visited(self):
        """May somebody be looking at the page?"""
        return self._looked is not None and 0 < self._clock.left_ms(self._looked) <= _LOOK_MS

    def close(self):
        """Give everything back: the hot spot, the sockets, the memory."""
        log.info("portal", "closed")
        self._server.close()
        self._hotspot.close()
        self._server = None
        phase.forget("microdot")  # our own modules went with the phase that opened this
        gc.collect()

    # --- for the page

    @property
    def waiting(self):
        """Is there an outcome to come?"""
        return bool(self.trial and self.trial.outcome is None)

    def claim_code(self):
        """The label's code as the provisioning tool left it: its text, then rows of 0 and 1. Empty without one."""
        try:
            with open(self._chip.root + _CLAIM_PATH) as f:
                lines = f.read().split("\n")
        except OSError:
            return []
        size = len(lines[1]) if len(lines) > 1 else 0
        rows = lines[1 : size + 1]
        sound = size and len(rows) == size and all(len(row) == size for row in rows)
        return lines[: size + 1] if sound else []

    def looked_at(self):
        """The page is being sent."""
        self._looked = self._clock.after_ms(_LOOK_MS)
        if self.trial and not self.waiting and not self._told:
            self._told = True
            self._end = self._clock.after_ms(_TELL_MS)

    def scan(self):
        """See which networks there are; takes two seconds."""
        if self.trial:
            return
        wlan = self._link.wlan
        try:
            if not wlan.active():
                wlan.active(True)
            found = wlan.scan()
        except (OSError, RuntimeError) as e:
            log.warning("portal", "%r" % e)
            return
        self.seen = listed(found) or self.seen  # nothing: the driver is busy with an attempt, and does not say so

    def join(self, ssid, key):
        """Try this network, unless a try is running."""
        if self.trial:
            return
        if not 1 <= len(ssid.encode()) <= 32:
            self.news = False, "Choose a network, or type the name of one."
        elif key and not settings_rules.is_key(key):
            self.news = False, "A Wi-Fi password has 8 to 63 characters."
        else:
            hide(key)  # not before: a few letters typed in error would be *** in every line
            self.news = True, "Connecting to %s. This takes up to half a minute." % ssid
            self._chosen = {"ssid": ssid, "key": key}
            self.trial = Attempt(self._link, self._chosen)
            if self.trial.outcome is not None:
                self._judge()

    def _judge(self):
        ssid = self._chosen["ssid"]
        if self.trial.outcome:
            self.news = False, "%s: %s. Nothing was changed." % (ssid, self.trial.outcome)
            self.trial = None
            return
        self._end = self._clock.after_ms(_LONGEST_TELL_MS)
        try:
            self.networks = remember(self._chip, ssid, self._chosen["key"])
            self.written = True
            self.news = True, "Connected to %s. This hot spot closes now; the device goes on by itself." % ssid
        except (MemoryError, OSError, SettingsError) as e:
            log.error("portal", "%s was not written down: %s" % (ssid, e))
            self.networks = [self._chosen] + self._link.networks
            self.news = False, "Connected to %s, but it could not be written down: lost at the next restart." % ssid


def access_point_name(name, mac):
    """"NAME-1a2b": the device's name, as much of it as there is room for, and the end of its MAC."""
    name = name or "xyte"
    while len(name.encode()) > _NAME_BYTES:
        name = name[:-1]
    return "%s-%s" % (name, mac[-5:].replace(":", ""))


def listed(found):
    """Rows of scan() as (ssid, dBm, locked): the strongest of each name, best first.

    Left out: hidden ones, and those that want more than a password (enterprise) or what the port has not (OWE).
    """
    strongest = {}
    for row in found:
        try:
            ssid = row[0].decode()
        except UnicodeError:
            continue
        if ssid and row[4] not in _UNFIT and (ssid not in strongest or row[3] > strongest[ssid][1]):
            strongest[ssid] = ssid, row[3], row[4] != 0
    return sorted(strongest.values(), key=lambda row: -row[1])[:_MOST_SEEN]
