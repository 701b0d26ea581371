"""The cloud as the steady cycle needs it: Send Telemetry. The other calls of the device API begin in calls.py.

The access key goes into the Authorization header of calls to the hub and nowhere else.
"""

from micropython import const
from xyte import phase

TIMEOUT_S = 30
_MEMBER_BYTES = const(64)
_ACTED_ON = (b'"command"', b'"latest_fw_version"', b'"latest_fw_file_id"')  # of the answer to a telemetry


class Cloud:
    """http: a Session (or StockSession). settings: Settings. out: where a message is written (JsonBuffer).

    device: URL of this device at its hub. telemetry: where it reports. authorized: headers for both; see `use`.
    """

    def __init__(self, http, settings):
        self.http, self.settings, self.out = http, settings, http.out
        self.date = self.device = self.telemetry = self.authorized = self._sieve = None

    def use(self, identity):
        """Address the hub of this identity. Raises SettingsError when its URL is not one we may talk to."""
        phase.call("xyte.services.address", "use", self, identity)
        self._sieve = None  # no answer of another cloud's was quiet yet

    def report(self, keep_date=False):
        """Send the telemetry that lies in `out`. Returns what the answer says of what we act on, as a dict.

        Returns None when that is the same as in the last answer that was declared `quiet`: nothing new is asked.
        keep_date: also note the server's clock, as `date` (HTTP date text or None).
        Raises LinkError (no usable answer), RefusedError (an unwelcome status).
        """
        response = self.http.request("POST", self.telemetry, self.out, self.authorized, TIMEOUT_S, keep_date)
        if response.status_code not in (200, 201):
            raise phase.call("xyte.services.calls", "refusal", response)
        self.date = response.headers.get("date") if keep_date else None
        sieve = self._sieve or self._make_sieve()
        sieve.reset()
        response.feed(sieve)
        return None if sieve.is_quiet() else phase.call("xyte.core.answers", "members", sieve.content())

    def quiet(self):
        """To be called when the answer to a telemetry asked for nothing."""
        self._sieve.quiet()

    def _make_sieve(self):
        from xyte.core.sieve import Sieve  # here: the updater speaks to the cloud, but does not report

        self._sieve = Sieve(_ACTED_ON, _MEMBER_BYTES)
        return self._sieve
