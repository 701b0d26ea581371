"""The cloud: where it is, and who we are there. Send Telemetry is in telemetry.py, the other calls begin in calls.py.

The access key goes into the Authorization header of calls to the hub and nowhere else.
"""

from xyte import phase


class Cloud:
    """http: a Session (or StockSession). settings: Settings. out: where a message is written (JsonBuffer).

    device: URL of this device at its hub. telemetry: where it reports. authorized: headers for both; see `use`.
    """

    def __init__(self, http, settings):
        self.http, self.settings, self.out = http, settings, http.out
        self.date = self.device = self.telemetry = self.authorized = self.sieve = None

    def use(self, identity):
        """Address the hub of this identity. Raises SettingsError when its URL is not one we may talk to."""
        phase.call("xyte.services.address", "use", self, identity)
        self.sieve = None  # no answer of another cloud's was quiet yet
