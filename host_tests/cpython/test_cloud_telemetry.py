"""Send Telemetry: the answer, the merged state, the limits."""

import json

import cloud_bench
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.cloud.records.telemetry import merge

bench, device = cloud_bench.bench, cloud_bench.device  # fixtures

ANSWER = {
    "success": True,
    "config_version": 0,
    "info_version": 0,
    "space_data_version": 1,
    "command": False,
    "new_licenses": False,
    "latest_fw_version": None,
    "latest_fw_file_id": None,
}
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(width=32, allow_nan=False, allow_infinity=False)
    | st.text()
)
MESSAGES = st.tuples(st.dictionaries(st.text(min_size=1), VALUES), st.booleans())


def test_the_answer_has_exactly_the_documented_keys_in_order(device):
    answer = device.telemetry(temperature=21.5)
    assert answer.status_code == 200
    assert answer.json() == ANSWER
    assert list(answer.json()) == list(ANSWER)


def test_an_unclaimed_device_sees_space_version_zero(bench):
    device = bench.register()
    assert device.telemetry().json()["space_data_version"] == 0
    bench.set(unclaimed_space_data_version=3)
    assert device.telemetry().json()["space_data_version"] == 3
    device.claim()
    assert device.telemetry().json()["space_data_version"] == 1


def test_switches_of_the_answer(bench, device):
    bench.set(telemetry_success_status=201, device_id_in_answers="all")
    answer = device.telemetry()
    assert answer.status_code == 201
    assert answer.json() == ANSWER | {"device_id": device.id}


def test_messages_merge_key_by_key(device):
    device.telemetry(a=1, b=True, c="x")
    device.telemetry(a=2, b=None)
    assert device.state() == {"status": "online", "a": 2, "c": "x"}
    device.call(
        "POST",
        "/telemetry",
        json={"status": "error", "message": "probe", "override": True, "telemetries": {"d": 1.5}},
    )
    assert device.state() == {"status": "error", "d": 1.5}


@given(st.lists(MESSAGES, max_size=8))
def test_merging_is_what_the_documents_say(messages):
    state, expected = {}, {}
    for values, override in messages:
        state = merge(state, values, "online", override)
        if override:
            expected.clear()
        for key, value in [*values.items(), ("status", "online")]:
            if value is None:
                expected.pop(key, None)
            else:
                expected[key] = value
    assert state == expected


def test_a_message_without_telemetries_is_a_sync(device):
    device.telemetry(a=1)
    assert device.call("POST", "/telemetry", json={"status": "offline"}).status_code == 200
    assert device.state() == {"a": 1, "status": "offline"}


def test_a_message_without_status(bench, device):
    assert device.call("POST", "/telemetry", json={"telemetries": {"a": 1}}).status_code == 422
    bench.set(telemetry_requires_status=False)
    assert device.call("POST", "/telemetry", json={"telemetries": {"a": 1}}).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "2147483648",
        "-2147483649",
        "3.5e38",
        "-1e39",
        "[1]",
        "{}",
        json.dumps("x" * 1001),
        json.dumps("é" * 501),
    ],
)
def test_values_outside_the_limits_are_refused_whole(device, text):
    answer = device.call(
        "POST", "/telemetry", content=f'{{"status":"online","telemetries":{{"ok":1,"v":{text}}}}}'
    )
    assert answer.status_code == 422
    assert "'v'" in answer.json()["error"]
    assert device.state() == {}


@pytest.mark.parametrize(
    "text",
    [
        "2147483647",
        "-2147483648",
        "3.4028234e38",
        "1e-50",
        "true",
        json.dumps("x" * 1000),
        json.dumps("é" * 500),
    ],
)
def test_values_at_the_limits_are_taken(device, text):
    content = f'{{"status":"online","telemetries":{{"v":{text}}}}}'
    assert device.call("POST", "/telemetry", content=content).status_code == 200
    assert device.state()["v"] == json.loads(text)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"'])
def test_what_is_no_json_is_malformed(device, text):
    answer = device.call("POST", "/telemetry", content=f'{{"status":"online","telemetries":{{"v":{text}}}}}')
    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize(
    "field, value",
    [
        ("status", "fine"),
        ("status", 1),
        ("telemetries", [1]),
        ("override", "yes"),
        ("timestamp", "yesterday"),
        ("timestamp", 12),
        ("timestamp", "0001-01-01T00:00:00Z"),
        ("timestamp", "9999-12-31T23:59:59-12:00"),
        ("message", {}),
        ("telemetries", {"": 1}),
    ],
)
def test_wrong_fields(device, field, value):
    body = {"status": "online", "telemetries": {"a": 1}, field: value}
    answer = device.call("POST", "/telemetry", json=body)
    assert answer.status_code == 422, answer.text


def test_the_whole_message_has_a_limit(bench, device):
    values = {f"k{n}": "x" * 1000 for n in range(128)}
    body = json.dumps({"status": "online", "telemetries": values}).encode()
    fits, too_long = body.ljust(128 * 1024), body.ljust(128 * 1024 + 1)
    assert len(fits) == 128 * 1024
    assert device.call("POST", "/telemetry", content=fits).status_code == 200
    assert device.call("POST", "/telemetry", content=too_long).status_code == 413
    bench.set(telemetry_too_large_status=422)
    assert device.call("POST", "/telemetry", content=too_long).status_code == 422


def test_histories_hold_the_state_at_the_time_it_was_measured(bench, device):
    device.call(
        "POST",
        "/telemetry",
        json={"status": "online", "timestamp": "2030-03-15T00:00:00.000Z", "telemetries": {"a": 1}},
    )
    rows = bench.operator("GET", "devices/histories").json()["items"]
    assert [(row["created_at"], row["state"]) for row in rows] == [
        ("2030-03-15T00:00:00.000Z", {"a": 1, "status": "online"})
    ]
    bench.set(telemetry_history_time="received")
    device.telemetry(a=2)
    newest = bench.operator("GET", "devices/histories").json()["items"][0]
    assert newest["created_at"] == "2030-03-17T17:46:40.000Z"


def test_any_content_type_is_taken(device):
    headers = {"Authorization": device.key, "Content-Type": "text/plain"}
    path = f"/v1/devices/{device.id}/telemetry"
    assert device.bench.call("POST", path, content='{"status":"online"}', headers=headers).status_code == 200
