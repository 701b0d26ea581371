"""Wi-Fi station: up on the first network that works, in the settings' order. No waiting: `step` is called often."""

import network

from micropython import const
from xyte import log

_TRY_MS = const(15000)
_REST_MS = const(5000)


class Wifi:
    """networks: list of {"ssid", "key"}; an empty list means that somebody else keeps the link."""

    def __init__(self, networks, clock):
        self._networks, self._clock = networks, clock
        self._wlan = network.WLAN(network.WLAN.IF_STA)
        self._next = 0
        self._trying = self._was_up = False
        self._wake_ms = clock.ticks_ms()

    def up(self):
        return self._wlan.isconnected() or not self._networks

    def step(self):
        """Look after the link. Returns True while it is up."""
        up = self.up()
        if up != self._was_up:
            self._was_up, self._trying = up, False
            if up and self._networks:
                log.info("wifi", "connected to %s" % self._wlan.config("ssid"))
            elif not up:
                log.warning("wifi", "link lost")
                self._next = 0
                self._wake_ms = self._clock.ticks_ms()
        if not up and self._clock.left_ms(self._wake_ms) <= 0:
            try:
                self._try_next()
            except (OSError, RuntimeError) as e:  # the port's WLAN raises both, some with a text for an errno
                log.warning("wifi", "%r" % e)
                self._wake_ms = self._clock.after_ms(_REST_MS)
        return up

    def _try_next(self):
        wlan = self._wlan
        if self._trying:
            log.warning("wifi", "no link: status %s" % wlan.status())
            self._trying = False
            wlan.disconnect()
            self._next = (self._next + 1) % len(self._networks)
            if not self._next:
                self._wake_ms = self._clock.after_ms(_REST_MS)
                return
        if not wlan.active():
            wlan.active(True)
        else:
            wlan.disconnect()  # after a lost link the driver tries by itself, and connect() during an attempt raises
        chosen = self._networks[self._next]
        log.debug("wifi", "trying %s" % chosen["ssid"])
        if chosen.get("key"):
            wlan.connect(chosen["ssid"], chosen["key"])
        else:
            wlan.connect(chosen["ssid"])
        self._trying = True
        self._wake_ms = self._clock.after_ms(_TRY_MS)

    def rssi(self):
        """Signal strength in dBm, or None when there is no link."""
        try:
            return self._wlan.status("rssi")
        except (OSError, RuntimeError, ValueError):
            return None
