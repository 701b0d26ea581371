"""A module with urequests' `request` in the place of Session."""

import json

from xyte.core.settings_rules import read as settings
from xyte.errors import LinkError, SettingsError
from xyte.services import telemetry
from xyte.services.cloud import Cloud
from xyte.services.stock import StockSession


class Answer:
    def __init__(self, status=200, content=b"{}", headers=None):
        self.status_code, self.content, self.headers = status, content, headers or {}
        self.closed = False

    def close(self):
        self.closed = True


class Module:
    """As urequests: adds to the headers it is given, names fields as the server wrote them."""

    def __init__(self, answer):
        self.answer, self.calls = answer, []

    def request(self, method, url, data=None, headers=None, timeout=None):
        headers["Connection"] = "close"
        self.calls.append((method, url, data, timeout))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_request():
    answer = Answer(201, b'{"a": 1}', {"Date": "now", "Retry-After": "12"})
    module = Module(answer)
    session = StockSession(module)
    session.out.value({"x": 1})
    headers = {"A": "b"}
    got = session.request("POST", "http://h/p", session.out, headers, 9)
    assert module.calls == [("POST", "http://h/p", b'{"x": 1}', 9)] and headers == {"A": "b"}
    assert (got.status_code, got.retry_after_s, got.headers.get("date")) == (201, 12, "now")
    buf, read = bytearray(3), b""
    count = got.raw.readinto(buf)
    while count:
        read += bytes(buf[:count])
        count = got.raw.readinto(buf)
    assert json.loads(read) == {"a": 1} and got.content == b""  # what has not been read yet
    got.close()
    assert answer.closed


def test_https_is_refused_before_anything_is_sent():
    module = Module(Answer())
    try:
        StockSession(module).request("GET", "https://h/p")
    except SettingsError as e:
        assert "TLS" in str(e)
    assert not module.calls


def test_its_failures_are_link_errors():
    for error in (OSError(104), ValueError("HTTP error"), NotImplementedError("Redirects")):
        try:
            StockSession(Module(error)).request("GET", "http://h/p")
        except LinkError:
            continue
        raise AssertionError(error)


def test_retry_after_that_is_no_number():
    for value in ("soon", "", "-1", "1.5"):
        assert (
            StockSession(Module(Answer(503, b"", {"retry-after": value}))).request("GET", "http://h").retry_after_s == 0
        )


def test_a_long_answer_is_taken_whole():
    reply = {"command": True, "padding": "x" * 1000}
    cloud = Cloud(
        StockSession(Module(Answer(200, json.dumps(reply).encode()))),
        settings({"entry_url": "http://h", "hardware_key": "hk", "development_hosts": ["h"]}),
    )
    cloud.use({"id": "d1", "access_key": "k1", "hub_url": "", "hub_url_static_cert": ""})
    cloud.out.value({})
    assert telemetry.report(cloud) == {"command": True} and cloud.http.opened == 1
