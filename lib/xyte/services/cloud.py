"""The cloud's device API as methods (Register Device, Send Telemetry, Get Command, Update Command, Update Device,
Get File).

Each call returns what the answer says, or raises LinkError (no usable answer) or RefusedError (an unwelcome status).
The access key goes into the Authorization header of calls to the hub and nowhere else.
"""

from micropython import const
from xyte.core import answers
from xyte.core.sieve import Sieve
from xyte.core.values import clip
from xyte.errors import LinkError, RefusedError, SettingsError

_TIMEOUT_S = const(30)
_MEMBER_BYTES = const(64)
_ACTED_ON = (b'"command"', b'"latest_fw_version"', b'"latest_fw_file_id"')  # of the answer to a telemetry
_TEXT_LIMIT = const(200)


class Cloud:
    """http: a Session (or StockSession). settings: Settings."""

    def __init__(self, http, settings):
        self._http, self._settings = http, settings
        self._entry = settings.entry_url.rstrip("/") + "/v1/devices"
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        self.date = None
        self.out = http.out

    def use(self, identity):
        """Address the hub of this identity. Raises SettingsError when its URL is not one we may talk to."""
        hub = identity["hub_url"] or self._settings.entry_url
        parts = self._settings.host(hub)
        base = ("https://" if parts.tls else "http://") + parts.netloc + parts.path.rstrip("/")
        self._device = base + "/v1/devices/" + identity["id"]
        self._telemetry = self._device + "/telemetry"
        self._command = self._device + "/command"
        self._authorized = dict(self._headers, Authorization=identity["access_key"])
        self._sieve = Sieve(_ACTED_ON, _MEMBER_BYTES)
        self.quiet = self._sieve.quiet  # to be called when the answer to a telemetry asked for nothing

    def register(self, facts):
        """Register Device. facts: dict of the request's fields. Returns the identity as a dict."""
        self._settings.host(self._settings.entry_url)
        response = self._send("POST", self._entry, facts, self._headers)
        return answers.registration(answers.parse(_content(response)))

    def report(self, keep_date=False):
        """Send the telemetry that lies in `out`. Returns what the answer says of what we act on, as a dict.

        Returns None when that is the same as in the last answer that was declared `quiet`: nothing new is asked.
        keep_date: also note the server's clock, as `date` (HTTP date text or None).
        """
        response = self._http.request("POST", self._telemetry, self.out, self._authorized, _TIMEOUT_S, keep_date)
        if response.status_code not in (200, 201):
            raise _refusal(response)
        self.date = response.headers.get("date") if keep_date else None
        sieve = self._sieve
        sieve.reset()
        response.feed(sieve)
        return None if sieve.is_quiet() else answers.members(answers.parse(sieve.content()))

    def command(self):
        """Get Command: {"id", "name", "status", "parameters"} of the queue's head, or None."""
        response = self._http.request("GET", self._command, None, self._authorized, _TIMEOUT_S, False)
        status = response.status_code
        if status in (204, 404):
            response.close()
            return None
        if status not in (200, 201):
            raise _refusal(response)
        return answers.command(status, answers.parse(_content(response) or b"null"))

    def update_command(self, ident, status, message):
        """Update Command. ident: the id as it came. status: in_progress, done or failed."""
        body = {"id": ident, "status": status}
        if message:
            body["message"] = message
        try:
            self._send("POST", self._command, body, self._authorized).close()
        except SettingsError:  # control characters grow sixfold in JSON; the status matters more than the words
            body["message"] = "(message too long for this device)"
            self._send("POST", self._command, body, self._authorized).close()

    def update_device(self, facts):
        """Update Device. The cloud takes ten of these an hour, and none with a field it does not know."""
        self._send("PUT", self._device, facts, self._authorized).close()

    def file(self, ident):
        """Get File: what is known of an uploaded file as a dict, `url`, `version`, `checksum` and `signature` in it."""
        url = self._device + "/files/" + ident
        response = self._http.request("GET", url, None, self._authorized, _TIMEOUT_S, False)
        if response.status_code != 200:
            raise _refusal(response)
        return answers.members(answers.parse(_content(response)))

    def _send(self, method, url, body, headers):
        self.out.clear()
        try:
            self.out.value(body)
        except ValueError as e:
            raise SettingsError("%s: give Agent a larger buffer_bytes" % e)
        response = self._http.request(method, url, self.out, headers, _TIMEOUT_S, False)
        if not 200 <= response.status_code < 300:
            raise _refusal(response)
        return response


def _content(response):
    """The rest of the body; the connection is then ready for the next request."""
    data = response.content
    response.close()
    return data


def _refusal(response):
    """The RefusedError for a response: its status, its `error` text if it has one, its Retry-After."""
    try:
        reply = answers.parse(_content(response))
        text = reply.get("error") if isinstance(reply, dict) else None
    except LinkError:  # the status came whole, and it is what counts
        text = None
    text = text if isinstance(text, str) else ""
    return RefusedError(response.status_code, clip(text, _TEXT_LIMIT), response.retry_after_s)
