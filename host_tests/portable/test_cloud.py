"""The calls of the device API: what they send, what their answers mean."""

import json

from fakes.chip import FakeChip, FakeClock
from fakes.server import FakeServer, response
from xyte.core.settings_rules import read
from xyte.errors import LinkError, RefusedError, SettingsError
from xyte.phases import offer, registration
from xyte.services import calls, telemetry
from xyte.services.cloud import Cloud
from xyte.services.http import Session
from xyte.state import State

SETTINGS = {"entry_url": "http://entry:1/", "hardware_key": "hk", "development_hosts": ["entry", "hub"]}
IDENTITY = {"id": "d1", "access_key": "k1", "hub_url": "hub:2", "hub_url_static_cert": ""}


def make(answer, body_bytes=512):
    server = FakeServer(answer if callable(answer) else lambda *request: answer)
    server.clock = FakeClock()
    session = Session(server, server.clock, dict, body_bytes)
    cloud = Cloud(session, read(SETTINGS))
    cloud.use(IDENTITY)
    return server, cloud


def report(cloud, keep_date=False):
    cloud.out.clear()
    cloud.out.value({})
    return telemetry.report(cloud, keep_date)


def caught(kind, call, *args):
    try:
        call(*args)
    except kind as e:
        return e
    raise AssertionError("no " + kind.__name__)


def test_paths_and_headers():
    server, cloud = make(response(200, {"id": "d2", "access_key": "k2", "hub_url": "x"}))
    registration.ask(cloud, {"sn": "S"})
    report(cloud)
    calls.command(cloud)
    calls.update_command(cloud, 5, "done", "fine")
    calls.update_command(cloud, "c", "in_progress", "")
    calls.tell(cloud, "PUT", "", {"firmware_version": "2.0.0"})
    state = State(FakeChip("", None))
    state.cloud, state.offer = cloud, ["f-9"]
    assert offer.ask(state)["id"] == "d2"
    sent = [
        (method, path, headers.get("authorization"), headers["host"]) for method, path, headers, _, _ in server.requests
    ]
    assert sent == [
        ("POST", "/v1/devices", None, "entry:1"),
        ("POST", "/v1/devices/d1/telemetry", "k1", "hub:2"),
        ("GET", "/v1/devices/d1/command", "k1", "hub:2"),
        ("POST", "/v1/devices/d1/command", "k1", "hub:2"),
        ("POST", "/v1/devices/d1/command", "k1", "hub:2"),
        ("PUT", "/v1/devices/d1", "k1", "hub:2"),
        ("GET", "/v1/devices/d1/files/f-9", "k1", "hub:2"),
    ]
    assert json.loads(server.requests[3][3]) == {"id": 5, "status": "done", "message": "fine"}
    assert json.loads(server.requests[4][3]) == {"id": "c", "status": "in_progress"}


def test_hub_urls():
    server, cloud = make(response(200, {}))
    for hub, host, path in (
        ("hub", "hub", ""),
        ("http://hub:9", "hub:9", ""),
        ("http://hub:9/", "hub:9", ""),
        ("http://hub/base/", "hub", "/base"),
        ("", "entry:1", ""),
    ):
        cloud.use({"id": "d1", "access_key": "k1", "hub_url": hub})
        report(cloud)
        assert server.requests[-1][1:3] == (path + "/v1/devices/d1/telemetry", server.requests[-1][2])
        assert server.requests[-1][2]["host"] == host
    identity = {"id": "d1", "access_key": "k1", "hub_url": "http://elsewhere"}
    assert "development_hosts" in str(caught(SettingsError, cloud.use, identity))


def test_refusals_carry_status_words_and_pause():
    for status, body, text, pause in (
        (401, {"error": "Not authorized"}, "Not authorized", 0),
        (429, b"slow down", "", 17),
        (500, b"<html>" + b"x" * 3000, "", 17),
        (503, {"error": {"not": "text"}}, "", 17),
        (403, [1], "", 0),
        (301, b"", "", 0),
        (402, {"error": "\u20ac" * 300}, "\u20ac" * 66, 0),
    ):
        _, cloud = make(response(status, body, (("Retry-After", pause),) if pause else ()))
        for call in (report, calls.command, lambda cloud: calls.update_command(cloud, 1, "done", "")):
            e = caught(RefusedError, call, cloud)
            assert (e.status, e.text, e.retry_after_s) == (status, text, pause)
            assert str(status) in str(e)


def test_a_refusal_with_a_torn_body_is_still_a_refusal():
    _server, cloud = make(b"HTTP/1.1 429 X\r\nRetry-After: 5\r\nContent-Length: 50\r\n\r\n{")
    e = caught(RefusedError, report, cloud)
    assert (e.status, e.retry_after_s) == (429, 5)


def test_unusable_answers_are_link_errors():
    for body in (b"", b"nonsense", b"[]", b"null", b"5", b'"x"', b"[" * 200):
        _, cloud = make(response(200, body))
        caught(LinkError, report, cloud)
        caught(LinkError, registration.ask, cloud, {})


def test_every_empty_queue():
    for whole in (
        response(204),
        response(404, {"error": "nothing"}),
        response(404, b"<html>"),
        response(200, {}),
        response(200, b"null"),
        response(200, b"[]"),
        response(200, b""),
    ):
        server, cloud = make(whole)
        assert calls.command(cloud) is None and calls.command(cloud) is None
        assert len(server.streams) == 1, "the connection stays"


def test_quiet_answers_are_not_parsed_again():
    answers = [{"command": False}, {"command": False}, {"command": True}, {"command": False}]
    _server, cloud = make(lambda *request: response(200, answers.pop(0)))
    assert report(cloud) == {"command": False}
    cloud.sieve.quiet()
    assert report(cloud) is None
    assert report(cloud) == {"command": True}, "same length would not do: every byte counts"
    assert report(cloud) is None


def test_what_we_do_not_act_on_may_change_each_time():
    answers = [
        {"command": False, "time": 1},
        {"time": 2, "command": False, "new": {"command": True}},
        {"command": False, "time": "x" * 3000},
        {"command": False, "latest_fw_file_id": "f" * 73},
    ]
    _server, cloud = make(lambda *request: response(200, answers.pop(0)))
    assert report(cloud) == {"command": False}
    cloud.sieve.quiet()
    assert report(cloud) is None and report(cloud) is None
    assert report(cloud) == {"command": False, "latest_fw_file_id": "f" * 73}


def test_another_identity_forgets_what_was_quiet():
    _server, cloud = make(response(200, {"command": False}))
    report(cloud)
    cloud.sieve.quiet()
    cloud.use(IDENTITY)
    assert report(cloud) == {"command": False}


def test_answers_of_every_size_around_the_buffer():
    for size in (100, 127, 128, 129, 500, 511, 512, 513, 600, 3000):
        body = b'{"x":"' + b"y" * (size - 23) + b'","command":true}'
        _server, cloud = make(response(200, body))
        assert len(body) == size and report(cloud) == {"command": True}
        cloud.sieve.quiet()
        assert report(cloud) is None


def test_date_is_kept_on_demand():
    _server, cloud = make(response(200, {}, (("Date", "today"),)))
    report(cloud, True)
    assert cloud.date == "today"
    report(cloud)
    assert cloud.date is None


def test_a_message_too_long_gives_way_to_the_status():
    server, cloud = make(response(200, {}), body_bytes=256)
    calls.update_command(cloud, "c" * 64, "done", "\x01" * 400)
    body = json.loads(server.requests[0][3])
    assert body["status"] == "done" and "too long" in body["message"]


def test_facts_too_long_are_a_matter_of_settings():
    server, cloud = make(response(200, {}), body_bytes=256)
    assert "buffer_bytes" in str(caught(SettingsError, registration.ask, cloud, {"name": "x" * 300}))
    assert not server.requests
