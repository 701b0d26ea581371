"""The cloud's device API but for telemetry: Register Device, Get Command, Update Command, Update Device, Get File.

Each call returns what the answer says, or raises LinkError (no usable answer), RefusedError (an unwelcome status) or
SettingsError (a message that does not fit the buffer, a host that we may not talk to). The rules for answers are loaded
to read one: a command, or the progress of an update, needs the room.
"""

from micropython import const
from xyte import phase
from xyte.core import url
from xyte.core.values import clip
from xyte.errors import LinkError, RefusedError, SettingsError
from xyte.services.cloud import TIMEOUT_S

_TEXT_LIMIT = const(200)


def _headers(**more):
    return dict({"Content-Type": "application/json", "Accept": "application/json"}, **more)


def use(cloud, identity):
    """See Cloud.use."""
    hub = url.allowed(identity["hub_url"] or cloud.settings.entry_url, cloud.settings)
    base = ("https://" if hub.tls else "http://") + hub.netloc + hub.path.rstrip("/")
    cloud.device = base + "/v1/devices/" + identity["id"]
    cloud.telemetry = cloud.device + "/telemetry"
    cloud.authorized = _headers(Authorization=identity["access_key"])


class Calls:
    """cloud: Cloud; `register` works before it knows an identity."""

    def __init__(self, cloud):
        self._cloud = cloud

    def register(self, facts):
        """Register Device. facts: dict of the request's fields. Returns the identity as a dict."""
        from xyte.core import answers  # before the request: there must be room to read the only copy of a key

        entry = self._cloud.settings.entry_url
        url.allowed(entry, self._cloud.settings)
        response = self._send("POST", entry.rstrip("/") + "/v1/devices", facts, _headers())
        return answers.registration(answers.parse(_content(response)))

    def command(self):
        """Get Command: {"id", "name", "status", "parameters"} of the queue's head, or None."""
        response = self._get("/command")
        status = response.status_code
        if status in (204, 404):
            response.close()
            return None
        if status not in (200, 201):
            raise refusal(response)
        return phase.call("xyte.core.answers", "command", status, _parsed(response))

    def update_command(self, ident, status, message):
        """Update Command. ident: the id as it came. status: in_progress, done or failed."""
        body = {"id": ident, "status": status}
        if message:
            body["message"] = message
        try:
            self._tell("POST", "/command", body)
        except SettingsError:  # control characters grow sixfold in JSON; the status matters more than the words
            body["message"] = "(message too long for this device)"
            self._tell("POST", "/command", body)

    def update_device(self, facts):
        """Update Device. The cloud takes ten of these an hour, and none with a field it does not know."""
        self._tell("PUT", "", facts)

    def file(self, ident):
        """Get File: what is known of an uploaded file as a dict, `url`, `version`, `checksum` and `signature` in it."""
        response = self._get("/files/" + ident)
        if response.status_code != 200:
            raise refusal(response)
        return phase.call("xyte.core.answers", "members", _content(response))

    def _get(self, path):
        cloud = self._cloud
        return cloud.http.request("GET", cloud.device + path, None, cloud.authorized, TIMEOUT_S, False)

    def _tell(self, method, path, body):
        self._send(method, self._cloud.device + path, body, self._cloud.authorized).close()

    def _send(self, method, url, body, headers):
        http, out = self._cloud.http, self._cloud.out
        out.clear()
        try:
            out.value(body)
        except ValueError as e:
            raise SettingsError("%s: give Agent a larger buffer_bytes" % e)
        response = http.request(method, url, out, headers, TIMEOUT_S, False)
        if not 200 <= response.status_code < 300:
            raise refusal(response)
        return response


def _content(response):
    """The rest of the body; the connection is then ready for the next request."""
    data = response.content
    response.close()
    return data


def _parsed(response):
    return phase.call("xyte.core.answers", "parse", _content(response) or b"null")


def refusal(response):
    """The RefusedError for a response: its status, its `error` text if it has one, its Retry-After."""
    try:
        reply = _parsed(response)
        text = reply.get("error") if isinstance(reply, dict) else None
    except LinkError:  # the status came whole, and it is what counts
        text = None
    text = text if isinstance(text, str) else ""
    return RefusedError(response.status_code, clip(text, _TEXT_LIMIT), response.retry_after_s)
