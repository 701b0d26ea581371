"""What the cloud's answers say, once they are whole. What is not as the documents allow is an AnswerError."""

import json

from xyte.errors import AnswerError

_ID_CHARS = 64  # a UUID has 36


def parse(data):
    """The JSON value of a body. Raises AnswerError for everything that is not JSON, however strange."""
    try:
        return json.loads(data)
    except (ValueError, MemoryError, RuntimeError):  # RuntimeError: nested too deep
        raise AnswerError("the answer is not JSON, or too large")


def members(data):
    """An answer that must be an object, as a dict. Unknown members are ignored: the set has grown over time."""
    return _object(parse(data))


def _object(reply):
    if not isinstance(reply, dict):
        raise AnswerError("the answer is not an object")
    return reply


def newest_file(reply):
    """The id of the newest firmware file, when it is newer than what this device has reported; or ""."""
    ident = reply.get("latest_fw_file_id")
    return ident if isinstance(ident, str) and is_token(ident) else ""


def registration(reply):
    """Returns {"id", "access_key", "hub_url", "hub_url_static_cert"} from the answer to Register Device.

    An older page calls the id `device_id`; before API version 1.0.3 there was no hub_url (then "").
    """
    get = _object(reply).get
    ident = get("id") or get("device_id")
    if isinstance(ident, int) and not isinstance(ident, bool):
        ident = str(ident)  # refused, the registration would be lost: there is no second one
    identity = {"id": ident, "access_key": get("access_key")}
    for key in identity:
        if not isinstance(identity[key], str) or not is_token(identity[key]):
            raise AnswerError("registration answer: unusable '%s'" % key)
    for key in ("hub_url", "hub_url_static_cert"):  # it can do without
        value = get(key)
        identity[key] = value if isinstance(value, str) else ""
    return identity


def is_token(text):
    """Is this fit for a URL path or a header line as it stands?"""
    if not text or len(text) > 128:
        return False
    for ch in text:
        if not ("0" <= ch <= "9" or "a" <= ch <= "z" or "A" <= ch <= "Z" or ch in "-_.~+/="):
            return False
    return True


def command(status, reply):
    """The command at the head of the queue as {"id", "name", "status", "parameters"}, or None for an empty queue.

    An empty queue is not documented: 204, 404, null and {} all mean it. id keeps its type, to be echoed.
    """
    if status in (204, 404) or not reply:
        return None
    get = _object(reply).get
    ident, name = get("id"), get("name")
    if ident is None and name is None:
        return None
    if isinstance(ident, bool) or not isinstance(ident, (str, int)) or not 0 < len(str(ident)) <= _ID_CHARS:
        raise AnswerError("command without a usable id")
    parameters = get("parameters")
    return {
        "id": ident,
        "name": name if isinstance(name, str) else "",
        "status": get("status"),
        "parameters": {} if parameters is None else parameters,
    }
