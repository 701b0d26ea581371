"""The cloud's device API as methods (Register Device, Send Telemetry, Get Command, Update Command, Update Device,
Get File).

Each call returns what the answer says, or raises LinkError (no usable answer) or RefusedError (an unwelcome status).
The access key goes into the Authorization header of calls to the hub and nowhere else.
"""

from micropython import const
from xyte.core import answers
from xyte.core.values import clip
from xyte.errors import LinkError, RefusedError, SettingsError

_TIMEOUT_S = const(30)
_ANSWER_BYTES = const(320)
_PIECE_BYTES = const(64)
_TEXT_LIMIT = const(200)


class Cloud:
    """http: a Session (or StockSession). settings: Settings."""

    def __init__(self, http, settings):
        self._http, self._settings = http, settings
        self._entry = settings.entry_url.rstrip("/") + "/v1/devices"
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        self._piece = bytearray(_PIECE_BYTES)
        self._answer = bytearray(_ANSWER_BYTES)
        self._long = self.date = None
        self._quiet = bytearray(_ANSWER_BYTES)  # the last telemetry answer that asked for nothing
        self._quiet_length = -1
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
        self._quiet_length = -1

    def register(self, facts):
        """Register Device. facts: dict of the request's fields. Returns the identity as a dict."""
        self._settings.host(self._settings.entry_url)
        response = self._send("POST", self._entry, facts, self._headers)
        return answers.registration(answers.parse(_content(response)))

    def report(self, keep_date=False):
        """Send the telemetry that lies in `out`. Returns the answer as a dict.

        Returns None when the answer is, byte for byte, the last one that was declared `quiet`: nothing new is asked.
        keep_date: also note the server's clock, as `date` (HTTP date text or None).
        """
        response = self._http.request("POST", self._telemetry, self.out, self._authorized, _TIMEOUT_S, keep_date)
        if response.status_code not in (200, 201):
            raise _refusal(response)
        self.date = response.headers.get("date") if keep_date else None
        self._read_answer(response)
        if self._length == self._quiet_length and self._same_as_quiet():
            return None
        data = self._long or bytes(self._answer[: self._length])
        return answers.members(answers.parse(data))

    def quiet(self):
        """The last answer asked for nothing: the same bytes need not be looked at again."""
        if not self._long:
            self._quiet[:] = self._answer
            self._quiet_length = self._length

    def _same_as_quiet(self):
        for i in range(self._length):
            if self._answer[i] != self._quiet[i]:
                return False
        return True

    def _read_answer(self, response):
        """Read the body into the answer buffer; one that does not fit goes to `_long`. Does not allocate otherwise."""
        answer, piece, length = self._answer, self._piece, 0
        self._long = None
        while True:
            got = response.raw.readinto(piece)
            if length + got > _ANSWER_BYTES:
                self._long = _joined(answer, length, piece, got, _content(response))
                length = got = 0
            if not got:
                self._length = length
                return
            for i in range(got):
                answer[length + i] = piece[i]
            length += got

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


def _joined(answer, length, piece, got, rest):
    """The first bytes of two buffers and what followed them. Raises LinkError when there is no memory for it."""
    try:
        return bytes(answer[:length]) + bytes(piece[:got]) + rest
    except MemoryError:
        raise LinkError("no memory for it")


def _refusal(response):
    """The RefusedError for a response: its status, its `error` text if it has one, its Retry-After."""
    try:
        reply = answers.parse(_content(response))
        text = reply.get("error") if isinstance(reply, dict) else None
    except LinkError:  # the status came whole, and it is what counts
        text = None
    text = text if isinstance(text, str) else ""
    return RefusedError(response.status_code, clip(text, _TEXT_LIMIT), response.retry_after_s)
