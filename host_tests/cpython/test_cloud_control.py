"""The panel below /_cloud: settings, journal, keys and models, and who may use it."""

import json
import re

import cloud_bench
import pytest
from cloud_bench import ANY_JSON, REGISTRATION, Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools import ROOT
from tools.cloud import defaults
from tools.cloud.faults import ACTIONS
from tools.cloud.settings import TABLE, SettingError, parse_assignment

bench, device = cloud_bench.bench, cloud_bench.device  # fixtures


def test_settings_are_changed_together_or_not_at_all(bench):
    before = bench.call("GET", "/_cloud/settings").json()
    assert before == {row.name: row.default for row in TABLE}
    for wrong in (
        {"no_such": 1},
        {"empty_queue": "maybe"},
        {"hub_url_scheme": 1},
        {"command_timeout_s": True},
        {"command_timeout_s": -1},
        {"hub_url": 5},
        {"rate_limit_per_30s": 10**9},
    ):
        answer = bench.call("PUT", "/_cloud/settings", json={"retry_after_s": 5} | wrong)
        assert answer.status_code == 422, wrong
        assert next(iter(wrong)) in answer.json()["error"]
    assert bench.call("GET", "/_cloud/settings").json() == before
    after = bench.call("PUT", "/_cloud/settings", json={"retry_after_s": 5, "empty_queue": "204"}).json()
    assert after == before | {"retry_after_s": 5, "empty_queue": "204"}
    assert (
        bench.call("PUT", "/_cloud/settings", json={"retry_after_s": None, "empty_queue": None}).json()
        == before
    )


def test_settings_outlive_the_process(tmp_path):
    first = Bench(tmp_path)
    first.set(empty_queue="null")
    device = first.register()
    first.close()
    second = Bench(tmp_path)
    assert second.cloud.settings["empty_queue"] == "null"
    device.bench = second
    assert device.telemetry().status_code == 200
    second.close()


def test_every_setting_is_described(bench):
    rows = bench.call("GET", "/_cloud/settings?describe").json()
    assert [row["name"] for row in rows] == [row.name for row in TABLE]
    for row in rows:
        assert row["meaning"] and row["value"] == row["default"]
        assert not row["choices"] or row["default"] in row["choices"]


def test_settings_on_the_command_line():
    assert parse_assignment("empty_queue=204") == ("empty_queue", "204")
    assert parse_assignment("hub_url_scheme=false") == ("hub_url_scheme", False)
    assert parse_assignment("retry_after_s=5") == ("retry_after_s", 5)
    assert parse_assignment("hub_url=https://x/?a=b") == ("hub_url", "https://x/?a=b")
    for wrong in ("empty_queue", "x=1", "retry_after_s=soon", "hub_url_scheme=1", "empty_queue=205"):
        with pytest.raises(SettingError):
            parse_assignment(wrong)


def test_the_journal_shows_requests_without_secrets(bench):
    device = bench.register()
    device.telemetry(a=1)
    bench.call("POST", "/v1/devices?x=1", content=b'{"hardware_key": "c10dc10d-0000", "sn": ')
    bench.call("POST", "/v1/devices", content=b"\xff\x00")
    bench.operator("GET", "info")
    registration, telemetry, broken, binary = bench.call("GET", "/_cloud/requests").json()
    assert registration["body"] == REGISTRATION | {"hardware_key": "c10d…"}
    assert (registration["method"], registration["path"], registration["status"]) == (
        "POST",
        "/v1/devices",
        201,
    )
    assert telemetry["headers"]["authorization"] == device.key[:4] + "…"
    assert telemetry["body"] == {"status": "online", "telemetries": {"a": 1}}
    assert (broken["path"], broken["body"], broken["status"]) == (
        "/v1/devices?x=1",
        '{"hardware_key": "c10d…", "sn": ',
        400,
    )
    assert binary["body"] == "\ufffd\x00"
    assert [registration["seq"], telemetry["seq"]] == [1, 2]


def test_no_secret_is_listed_anywhere(bench, device):
    device.telemetry()
    for path in ("requests?all=1", "hardware_keys", "operator_keys", "devices", "models"):
        text = bench.call("GET", f"/_cloud/{path}").text
        assert text != "[]", path
        for secret in (device.key, defaults.HARDWARE_KEY, defaults.OPERATOR_KEY):
            assert secret not in text, path


def test_the_database_holds_no_secret(tmp_path):
    bench = Bench(tmp_path)
    device = bench.register()
    bench.close()
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert device.id.encode() in data
    for secret in (device.key, defaults.HARDWARE_KEY, defaults.OPERATOR_KEY):
        assert secret.encode() not in data


def test_asking_for_a_part_of_the_journal(bench, device):
    for _ in range(3):
        device.telemetry()

    def seqs(query):
        return [entry["seq"] for entry in bench.call("GET", f"/_cloud/requests?{query}").json()]

    everything = seqs("")
    assert seqs("limit=2") == everything[-2:]
    assert seqs(f"since={everything[-2]}") == everything[-1:]
    assert seqs("limit=0") == []
    assert len(seqs("all=1")) > len(everything)
    assert bench.call("GET", "/_cloud/requests?limit=x").status_code == 422
    bench.call("DELETE", "/_cloud/requests")
    assert seqs("") == []
    device.telemetry()
    assert seqs("")[0] > everything[-1]


def test_the_journal_keeps_a_thousand(bench, device):
    for _ in range(1010):
        device.bench.cloud.journal.add({"kind": "device"})
    assert len(bench.call("GET", "/_cloud/requests?limit=5000").json()) == 999  # and this call itself


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": 5},
        {"name": "x", "authentication": "password"},
        {"name": "x", "offline_minutes": -1},
        {"name": "x", "commands": "reboot"},
        {"name": "x", "commands": [5]},
        {"name": "x", "commands": [{}]},
        {"name": "x", "commands": [{"name": "y", "timeout_s": "long"}]},
        {"name": "x", "id": defaults.MODEL_ID},
    ],
)
def test_a_bad_model(bench, body):
    assert bench.call("POST", "/_cloud/models", json=body).status_code == 422
    assert len(bench.call("GET", "/_cloud/models").json()) == 1


def test_keys_can_be_added(bench):
    key = "5f0c0b0a-1111-4222-8333-000000000001"
    body = {"model_id": defaults.MODEL_ID, "key": key, "note": "batch 7"}
    assert bench.call("POST", "/_cloud/hardware_keys", json=body).json()["key"] == key
    assert bench.call("POST", "/_cloud/hardware_keys", json=body).status_code == 422
    assert bench.register(hardware_key=key).telemetry().status_code == 200
    for wrong in ({}, {"model_id": "x"}, {"model_id": defaults.MODEL_ID, "key": "short"}):
        assert bench.call("POST", "/_cloud/hardware_keys", json=wrong).status_code == 422
    assert bench.call("DELETE", "/_cloud/hardware_keys/99").status_code == 404
    assert bench.call("DELETE", "/_cloud/hardware_keys/" + "9" * 5000).status_code == 422
    made = bench.call("POST", "/_cloud/operator_keys", json={}).json()["key"]
    assert bench.call("GET", "/core/v1/organization/info", headers={"Authorization": made}).status_code == 200


def test_the_public_operator_key_can_be_removed_once_there_is_another(bench):
    assert bench.call("DELETE", "/_cloud/operator_keys/1").status_code == 422
    bench.call("POST", "/_cloud/operator_keys", json={})
    assert len(bench.call("DELETE", "/_cloud/operator_keys/1").json()) == 1
    assert bench.operator("GET", "info").status_code == 401
    assert bench.call("DELETE", "/_cloud/operator_keys/1").status_code == 404


def test_every_device_is_shown_and_can_be_deleted(bench):
    device = bench.register()
    device.call("POST", "/telemetry", json={"status": "error", "message": "probe broken"})
    shown = bench.call("GET", "/_cloud/devices").json()[0]
    assert (shown["claimed"], shown["message"], shown["state"]) == (
        False,
        "probe broken",
        {"status": "error"},
    )
    assert bench.call("DELETE", f"/_cloud/devices/{device.id}").status_code == 200
    assert bench.call("DELETE", f"/_cloud/devices/{device.id}").status_code == 404
    assert device.telemetry().status_code == 401


def test_unknown_paths_and_methods(bench):
    assert bench.call("GET", "/_cloud/nothing").status_code == 404
    answer = bench.call("POST", "/_cloud/settings")
    assert (answer.status_code, answer.json()) == (405, {"error": "Method not allowed"})
    assert bench.call("GET", "/").json() == {"error": "Not found"}


@pytest.mark.parametrize(
    "rule",
    [
        5,
        {},
        {"action": "explode"},
        {"action": "close", "status": 500},
        {"action": "status", "status": 99},
        {"action": "status", "status": "503"},
        {"action": "status", "headers": {"X": "a\r\nb"}},
        {"action": "status", "headers": {"Content-Length": "5"}},
        {"action": "status", "headers": {"a b": "c"}},
        {"action": "close", "match": {"host": "x"}},
        {"action": "close", "match": {"path_regex": "("}},
        {"action": "close", "match": {"path": 5}},
        {"action": "raw", "base64": "?"},
        {"action": "drip", "size": 0},
        {"action": "close", "count": -2},
        {"action": "close", "count": True},
        {"action": "delay", "delay_ms": 10**9},
    ],
)
def test_a_bad_fault_rule(bench, rule):
    bench.call("PUT", "/_cloud/faults", json=[{"action": "close"}])
    answer = bench.call("PUT", "/_cloud/faults", json=[{"action": "close"}, rule])
    assert answer.status_code == 422
    assert len(bench.call("GET", "/_cloud/faults").json()) == 1


def test_fault_rules_can_be_read_and_sent_again(bench):
    rules = bench.call(
        "PUT", "/_cloud/faults", json={"action": "status", "match": {"path": "/telemetry"}}
    ).json()
    assert rules == [
        {
            "match": {"path": "/telemetry"},
            "action": "status",
            "count": 1,
            "skip": 0,
            "delay_ms": 0,
            "perform": False,
            "status": 503,
            "body": None,
            "headers": {},
        }
    ]
    assert bench.call("PUT", "/_cloud/faults", json=rules).json() == rules
    assert bench.call("DELETE", "/_cloud/faults").json() == []


def test_other_machines_need_a_key(bench):
    key = {"Authorization": defaults.OPERATOR_KEY}
    assert bench.call("GET", "/_cloud/settings", peer="192.0.2.9").status_code == 401
    assert bench.call("GET", "/_cloud/settings", peer="192.0.2.9", headers=key).status_code == 200
    assert bench.call("GET", "/_cloud/settings", peer="::1").status_code == 200


NAMES = [
    "id",
    "name",
    "authentication",
    "short_code",
    "offline_minutes",
    "commands",
    "model_id",
    "key",
    "note",
    "match",
    "action",
    "count",
    "skip",
    "status",
    "delay_ms",
    "perform",
    "headers",
    "body",
    "reset",
    "send",
    "size",
    "space_id",
    "mac",
    "sn",
    "cloud_id",
    "extra_params",
    "file_id",
]


@given(
    body=st.dictionaries(st.sampled_from(NAMES), ANY_JSON) | ANY_JSON,
    path=st.sampled_from(
        [
            "PUT /_cloud/settings",
            "PUT /_cloud/faults",
            "POST /_cloud/models",
            "POST /_cloud/hardware_keys",
            "POST /_cloud/operator_keys",
        ]
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_garbage_gets_an_error_in_json(bench, body, path):
    method, path = path.split()
    answer = bench.call(method, path, content=json.dumps(body).encode())
    assert answer.status_code in (200, 201, 400, 422)
    answer.json()


def test_the_readme_lists_every_setting_and_fault():
    readme = (ROOT / "tools" / "cloud" / "README.md").read_text()
    for row in TABLE:
        default = json.dumps(row.default) if isinstance(row.default, bool) else row.default
        shown = f"`{default}`" if row.default != "" else "*empty*"
        assert f"| `{row.name}` | {shown} | " in readme, row.name
        assert f" | {row.meaning} |\n" in readme, row.name
    for action, (parameters, performs) in ACTIONS.items():
        line = re.search(rf"^\| `{action}` \| {'yes' if performs else 'no'} \| .*$", readme, re.MULTILINE)
        assert line and all(f"`{name}`" in line[0] for name in parameters), action
    for secret in (defaults.HARDWARE_KEY, defaults.OPERATOR_KEY, defaults.MODEL_ID):
        assert secret in readme
