"""Register Device."""

import re

import cloud_bench
import pytest
from cloud_bench import REGISTRATION, Bench

bench = cloud_bench.bench  # a fixture

WRONG_KEY = "00000000-0000-4000-8000-00000000dead"


def register(bench: Bench, **fields):
    body = {name: value for name, value in (REGISTRATION | fields).items() if value is not None}
    return bench.call("POST", "/v1/devices", json=body)


def test_the_answer_has_the_documented_fields(bench):
    answer = register(bench)
    assert answer.status_code == 201
    assert list(answer.json()) == ["id", "access_key", "hub_url", "hub_url_static_cert", "mqtt_hub_url"]
    assert re.fullmatch("[0-9a-f]{32}", answer.json()["access_key"])
    assert answer.json()["hub_url"] == "http://cloud.test"


def test_an_identity_registers_once(bench):
    assert register(bench).status_code == 201
    again = register(bench, mac="02-00-5E-10-00-7F")  # the same address in another spelling
    assert again.status_code == 422
    assert "already" in again.json()["error"]
    assert register(bench, mac="02:00:5e:10:00:80").status_code == 201  # the pair is the identity
    assert register(bench, sn="LAB-0043").status_code == 201


def test_sn_alone_can_be_the_identity(bench):
    bench.set(register_sn_unique=True)
    assert register(bench).status_code == 201
    assert register(bench, mac="02:00:5e:10:00:80").status_code == 422


def test_deletion_frees_the_identity(bench):
    device = bench.register()
    assert device.call("DELETE").status_code == 200
    assert register(bench).json()["id"] != device.id


@pytest.mark.parametrize("field", ["hardware_key", "sn", "mac", "firmware_version"])
@pytest.mark.parametrize("value", [None, "", 7, ["x"], "x" * 1001])
def test_required_fields(bench, field, value):
    answer = register(bench, **{field: value})
    assert answer.status_code == 422
    assert field in answer.json()["error"]


def test_statuses_of_refusals_are_switches(bench):
    bench.set(
        register_missing_field_status=400,
        register_wrong_key_status=403,
        register_taken_status=409,
        register_bad_version_status=400,
        register_success_status=200,
    )
    assert register(bench, sn=None).status_code == 400
    assert register(bench, hardware_key=WRONG_KEY).status_code == 403
    assert register(bench, firmware_version="1.4").status_code == 400
    assert register(bench).status_code == 200
    assert register(bench).status_code == 409


@pytest.mark.parametrize("version", ["1", "1.0", "01.0.0", "v1.0.0", "1.0.0-", "1.0.0 ", "1.0.0\n", "١.0.0"])
def test_versions_are_semver(bench, version):
    assert register(bench, firmware_version=version).status_code == 422
    bench.set(register_requires_semver=False)
    assert register(bench, firmware_version=version).status_code == 201


def test_a_wrong_key_is_an_unknown_model(bench):
    assert register(bench, hardware_key=WRONG_KEY).status_code == 404
    assert register(bench, hardware_key=REGISTRATION["hardware_key"].upper()).status_code == 201


def test_a_revoked_key_registers_nothing_but_devices_stay(bench):
    device = bench.register()
    assert bench.call("DELETE", "/_cloud/hardware_keys/1").status_code == 200
    assert register(bench, sn="LAB-0043").status_code == 404
    assert device.telemetry().status_code == 200


def test_a_model_with_cloud_ids(bench):
    model = bench.call(
        "POST",
        "/_cloud/models",
        json={
            "name": "Tag",
            "authentication": "cloud_id",
            "short_code": "ab",
        },
    ).json()
    key = bench.call("POST", "/_cloud/hardware_keys", json={"model_id": model["id"]}).json()["key"]
    fields = {"hardware_key": key, "mac": None}
    assert register(bench, **fields).status_code == 422
    assert register(bench, **fields, cloud_id="ab123").status_code == 422
    assert register(bench, **fields, cloud_id="ab" + "Z" * 16).status_code == 201
    taken = register(bench, **fields, cloud_id="ab" + "Z" * 16, sn="other")
    assert (taken.status_code, taken.json()["error"]) == (422, "cloud_id has already been taken")
    assert register(bench, **fields, cloud_id="ab" + "Y" * 16, sn=None).status_code == 422
    bench.set(register_requires_sn=False)
    assert register(bench, **fields, cloud_id="ab" + "Y" * 16, sn=None).status_code == 201


def test_hub_url_forms(bench):
    bench.set(hub_url_scheme=False)
    assert register(bench).json()["hub_url"] == "cloud.test"
    bench.set(hub_url_scheme=True, hub_url="https://{host}/hub")
    assert register(bench, sn="2").json()["hub_url"] == "https://cloud.test/hub"
    bench.set(hub_url=None, register_answers_mqtt_url=False)
    answer = bench.call("POST", "/v1/devices", json=REGISTRATION | {"sn": "3"}, headers={"Host": 'evil"/@x'})
    assert answer.json()["hub_url"] == "http://cloud.test"  # the server's own address
    assert "mqtt_hub_url" not in answer.json()


def test_a_mac_is_checked_on_demand(bench):
    assert register(bench, mac="no mac").status_code == 201
    bench.set(register_requires_valid_mac=True)
    assert register(bench, mac="no mac at all").status_code == 422
    assert register(bench, mac="0200.5e10.0080").status_code == 201


def test_a_parent_must_exist(bench):
    parent = bench.register()
    assert register(bench, sn="2", parent_id="nobody").status_code == 422
    assert register(bench, sn="2", parent_id=parent.id).status_code == 201
