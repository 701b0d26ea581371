"""A device's own record, its access, its limits, and what is not served."""

import cloud_bench
import pytest
from cloud_bench import ANY_JSON, REGISTRATION
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

bench, device = cloud_bench.bench, cloud_bench.device  # fixtures

CALLS = [
    ("POST", "/telemetry"),
    ("GET", "/command"),
    ("POST", "/command"),
    ("GET", ""),
    ("PUT", ""),
    ("DELETE", ""),
]


@pytest.mark.parametrize("method, path", CALLS)
def test_every_call_needs_the_key(device, method, path):
    for headers in (
        {},
        {"Authorization": ""},
        {"Authorization": f"Bearer {device.key}"},
        {"Authorization": device.key.upper()},
        {"Authorization": b"\xe9\xff"},
    ):
        answer = device.bench.call(method, f"/v1/devices/{device.id}{path}", json={}, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"error": "Not authorized"}), headers


@pytest.mark.parametrize("method, path", CALLS)
def test_a_deleted_device_is_refused(bench, device, method, path):
    bench.operator("DELETE", f"devices/{device.id}")
    for status, error in ((401, "Not authorized"), (403, "Not authorized"), (404, "Not found")):
        bench.set(deleted_status=status)
        answer = device.call(method, path, json={})
        assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_key_is_good_for_its_device_only(bench, device):
    other = bench.register(sn="2")
    other.key = device.key
    assert other.telemetry().status_code == 401
    other.id = "no-such-device"
    assert other.telemetry().status_code == 401


def test_device_info(device):
    assert device.call("GET").json() == {
        "id": device.id,
        "name": "bench unit 42",
        "firmware_version": "1.4.0",
        "details": {"network": {"ip": "192.0.2.17"}},
        "version": 0,
    }


def test_claiming_under_a_new_name_changes_the_info(bench):
    device = bench.register()
    device.claim(name="Hall sensor")
    assert device.telemetry().json()["info_version"] == 1
    assert (device.call("GET").json()["name"], device.call("GET").json()["version"]) == ("Hall sensor", 1)


def test_update_device(bench, device):
    parent = bench.register(sn="2")
    assert device.call(
        "PUT",
        json={
            "firmware_version": "1.5.0",
            "name": "renamed",
            "sub_model": "b",
            "details": {"x": [1]},
            "config_version": 3,
            "space_version": "1",
            "host_address": "192.0.2.1",
            "parent_id": None,
        },
    ).json() == {"success": True}
    info = device.call("GET").json()
    assert (info["firmware_version"], info["name"], info["details"]) == ("1.5.0", "renamed", {"x": [1]})
    assert device.call("PUT", json={"parent_id": parent.id}).status_code == 422  # one claimed, one not
    assert device.call("PUT", json={"parent_id": device.id}).status_code == 422
    assert device.call("PUT", json={"config_version": [3]}).status_code == 422


def test_update_device_rejects_unknown_fields(bench, device):
    answer = device.call("PUT", json={"name": "new", "colour": "red"})
    assert answer.status_code == 400
    assert "colour" in answer.json()["error"]
    assert device.call("GET").json()["name"] == "bench unit 42"
    bench.set(update_device_rejects_unknown=False, update_device_answer="204")
    assert device.call("PUT", json={"name": "new", "colour": "red"}).status_code == 204


def test_update_device_is_throttled(bench, device):
    for _ in range(9):
        assert device.call("PUT", json={"name": "new"}).status_code == 200
    assert device.call("PUT", json={"wrong": 1}).status_code == 400  # counts as well
    refused = device.call("PUT", json={"name": "not performed"})
    assert refused.status_code == 429
    assert "retry-after" not in refused.headers
    assert device.call("GET").json()["name"] == "new"
    bench.now += 3600
    assert device.call("PUT", json={"name": "newer"}).status_code == 200


def test_rate_limit(bench, device):
    bench.set(rate_limit_per_30s=3, retry_after_s=7)
    assert [device.telemetry().status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = device.call("GET", "/command")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    bench.now += 30
    assert device.telemetry().status_code == 200


def test_a_device_deletes_itself(device):
    assert device.call("DELETE").status_code == 200
    assert device.telemetry().status_code == 401


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/config"),
        ("POST", "/config"),
        ("GET", "/license"),
        ("GET", "/space"),
        ("POST", "/dumps/text%2Fplain/a.log"),
        ("GET", "/incidents"),
        ("POST", "/events"),
        ("GET", "/telemetry"),
        ("GET", "/children"),
        ("PATCH", ""),
        ("GET", "/command/"),
    ],
)
def test_what_is_not_served_yet(device, method, path):
    answer = device.call(method, path)
    assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})


@given(
    body=st.binary(max_size=200)
    | st.sampled_from(
        [
            b"",
            b"null",
            b"[]",
            b"1",
            b'""',
            b"{",
            b'{"id":1e400}',
            b"[" * 100_000,
            b'{"a":' * 5000,
            b"\xff\xfe{\x00}\x00",
            b'{"\\ud800":1}',
            b"\xef\xbb\xbf{}",
            b"1" * 5000,
        ]
    ),
    call=st.sampled_from([*CALLS[:-1], ("POST", None)]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_garbage_gets_an_error_in_json(device, body, call):
    method, path = call
    device.bench.set(update_device_per_hour=0)
    if path is None:
        answer = device.bench.call("POST", "/v1/devices", content=body)
    else:
        answer = device.call(method, path, content=body)
    if method == "GET":
        assert answer.status_code == 200
    elif answer.status_code != 200:  # an empty Update Device is fine
        assert answer.status_code in (400, 422)
        assert list(answer.json()) == ["error"]


FIELDS = [
    "hardware_key",
    "sn",
    "mac",
    "cloud_id",
    "firmware_version",
    "name",
    "details",
    "parent_id",
    "sub_model",
    "status",
    "telemetries",
    "override",
    "timestamp",
    "message",
    "id",
    "config_version",
    "space_version",
    "host_address",
]


@given(
    body=st.dictionaries(st.sampled_from(FIELDS), ANY_JSON),
    call=st.sampled_from([*CALLS[:-1], ("POST", None)]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_wrong_types_are_never_our_bug(device, body, call):
    method, path = call
    device.bench.set(update_device_per_hour=0, update_device_rejects_unknown=False)
    if path is None:
        answer = device.bench.call("POST", "/v1/devices", json=REGISTRATION | body)
    else:
        answer = device.call(method, path, json=body)
    assert answer.status_code in (200, 201, 400, 404, 422)
    answer.json()
    assert device.bench.operator("GET", f"devices/{device.id}").status_code == 200
