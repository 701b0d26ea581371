"""A link that keeps itself up, such as Ethernet, for `Agent(link=Wired(network.LAN(...)))`.

Any object with these members will do: step() -> is the link up; heard() and failed(error), told after each request;
rssi() in dBm or None; history, a text for telemetry or None.
"""

from xyte import log

_BOUNCE_FROM = 5  # requests in a row without an answer


class Wired:
    """nic: a network interface of the port: active(on), isconnected()."""

    def __init__(self, nic):
        self._nic = nic
        self._silent = self._bounces = 0
        self.history = None
        if not nic.active():
            nic.active(True)

    def step(self):
        return self._nic.isconnected()

    def heard(self):
        self._silent = 0

    def failed(self, error):
        """Every fifth failure in a row switches the interface off and on."""
        self._silent += 1
        if self._silent >= _BOUNCE_FROM:
            self._silent = 0
            self._bounces += 1
            self.history = "bounce %d" % self._bounces
            try:
                self._nic.active(False)
                self._nic.active(True)
            except OSError as e:  # the port has only texts for them
                log.warning("link", "%r" % e)

    def rssi(self):
        return None
