"""Calls of the cloud's device API but for telemetry: Get Command, Update Command, and what the others are made of.

Each raises LinkError (no usable answer), RefusedError (an unwelcome status) or SettingsError (a message that does not
fit the buffer). The rules for answers are loaded to read one: a command, or the progress of an update, needs the room.
cloud: Cloud.
"""

from micropython import const
from xyte import phase
from xyte.core.values import clip
from xyte.errors import LinkError, RefusedError, SettingsError

_UNREADABLE = (400, 413)  # the cloud cannot take the message: the status matters more than the words
_GONE = (404, 409, 410, 422) + _UNREADABLE
_TEXT_LIMIT = const(200)


def command(cloud):
    """Get Command: {"id", "name", "status", "parameters"} of the queue's head, or None."""
    response = get(cloud, "/command")
    status = response.status_code
    if status in (204, 404):
        response.close()
        return None
    if status not in (200, 201):
        raise refusal(response)
    return phase.call("xyte.core.answers", "command", status, _parsed(response))


def update_command(cloud, ident, status, message):
    """Update Command. ident: the id as it came. status: in_progress, done or failed.

    Returns "", or why nobody waits for this report any more: the command was cancelled, timed out, or has its outcome;
    or the cloud takes it in no words, and commands behind it must not wait for ever.
    """
    body = {"id": ident, "status": status}
    if message:
        body["message"] = message
    while True:
        try:
            tell(cloud, "POST", "/command", body)
            return ""
        except SettingsError:  # control characters grow sixfold in JSON
            if not message:
                raise
            message, body["message"] = "", "(message too long for this device)"
        except RefusedError as e:
            if e.status not in _GONE:
                raise
            if e.status not in _UNREADABLE or not body.pop("message", ""):
                return str(e)


def get(cloud, path):
    """The Response to a GET below this device's URL, whatever its status is."""
    return cloud.http.request("GET", cloud.device + path, None, cloud.authorized, None, False)


def tell(cloud, method, path, body):
    """Send body, as JSON, to this device's URL and path."""
    send(cloud, method, cloud.device + path, body, cloud.authorized).close()


def send(cloud, method, url, body, headers):
    """Send body, as JSON. Returns the Response of a success."""
    cloud.out.clear()
    try:
        cloud.out.value(body)
    except ValueError as e:
        raise SettingsError("%s: give Agent a larger buffer_bytes" % e)
    response = cloud.http.request(method, url, cloud.out, headers, None, False)
    if not 200 <= response.status_code < 300:
        raise refusal(response)
    return response


def content(response):
    """The rest of the body; the connection is then ready for the next request."""
    data = response.body
    response.close()
    return data


def _parsed(response):
    return phase.call("xyte.core.answers", "parse", content(response) or b"null")


def refusal(response):
    """The RefusedError for a response: its status, its `error` text if it has one, its Retry-After."""
    try:
        reply = _parsed(response)
        text = reply.get("error") if isinstance(reply, dict) else None
    except LinkError:  # the status came whole, and it is what counts
        text = None
    text = clip(text if isinstance(text, str) else "", _TEXT_LIMIT)
    error = RefusedError("HTTP %d %s" % (response.status_code, text))
    error.status, error.text, error.retry_after_s = response.status_code, text, response.retry_after_s
    return error
