"""The Organization API."""

import cloud_bench
import pytest
from cloud_bench import REGISTRATION, START

bench, device = cloud_bench.bench, cloud_bench.device  # fixtures

DAY = 24 * 3600


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "info"),
        ("GET", "devices"),
        ("GET", "devices/x"),
        ("POST", "devices/claim"),
        ("DELETE", "devices/x"),
        ("POST", "devices/x/commands"),
        ("GET", "devices/x/commands"),
        ("DELETE", "devices/x/commands/y"),
        ("GET", "devices/histories"),
    ],
)
def test_every_call_needs_the_key(bench, method, path):
    for headers in ({}, {"Authorization": "wrong"}):
        answer = bench.call(method, f"/core/v1/organization/{path}", headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"error": "Not authorized"})


def test_info(bench):
    assert bench.operator("GET", "info").json() == {"id": 1, "name": "Local"}


def test_a_device_as_its_operator_sees_it(bench, device):
    device.telemetry(temperature=21.5)
    shown = bench.operator("GET", f"devices/{device.id}").json()
    assert shown == {
        "id": device.id,
        "name": "bench unit 42",
        "sn": "LAB-0042",
        "mac": "02:00:5e:10:00:7f",
        "cloud_id": None,
        "status": "online",
        "effective_status": "ok",
        "merged_effective_status": "ok",
        "last_seen_at": "2030-03-17T17:46:40.000Z",
        "details": {"network": {"ip": "192.0.2.17"}},
        "state": {"temperature": 21.5, "status": "online"},
        "model": {"id": shown["model"]["id"], "name": "Development board", "sub_model": None},
        "firmware": {"version": "1.4.0"},
        "space": {"id": 1, "full_path": "Local/Bench"},
    }
    listed = bench.operator("GET", "devices").json()
    assert listed == {
        "items": [{name: value for name, value in shown.items() if name != "state"}],
        "next_page": None,
        "has_next_page": False,
    }


def test_an_unclaimed_device_is_nobodys(bench):
    device = bench.register()
    assert bench.operator("GET", "devices").json()["items"] == []
    answer = bench.operator("GET", f"devices/{device.id}")
    assert answer.status_code == 404
    assert "claim" in answer.json()["error"]
    assert bench.operator("POST", f"devices/{device.id}/commands", json={"name": "x"}).status_code == 404
    assert bench.operator("DELETE", f"devices/{device.id}").status_code == 404
    assert bench.operator("GET", "devices/nobody").json() == {"error": "Device not found"}


@pytest.mark.parametrize(
    "changes, status",
    [
        ({}, 200),
        ({"space_id": "1"}, 200),
        ({"mac": "02005E10007F"}, 200),
        ({"name": "Hall"}, 200),
        ({"space_id": None}, 422),
        ({"space_id": 99}, 422),
        ({"space_id": [1]}, 422),
        ({"mac": None}, 422),
        ({"sn": None}, 422),
        ({"cloud_id": "x"}, 422),
        ({"sn": "other"}, 404),
        ({"name": 5}, 422),
    ],
)
def test_claiming(bench, changes, status):
    device = bench.register()
    body = {"space_id": 1, "mac": REGISTRATION["mac"], "sn": REGISTRATION["sn"]} | changes
    answer = bench.operator("POST", "devices/claim", json=body)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert (answer.json()["id"], answer.json()["space"]["id"]) == (device.id, 1)
        assert bench.operator("POST", "devices/claim", json=body).status_code == 422  # one owner only


def test_claiming_by_cloud_id(bench):
    device = bench.register(cloud_id="Ab1" * 6)
    answer = bench.operator("POST", "devices/claim", json={"space_id": 1, "cloud_id": "Ab1" * 6})
    assert answer.json()["id"] == device.id


def test_pages_of_devices(bench):
    for number in range(3):
        device = bench.register(sn=str(number))
        bench.operator(
            "POST", "devices/claim", json={"space_id": 1, "mac": REGISTRATION["mac"], "sn": str(number)}
        )
    page = bench.operator("GET", "devices", params={"per_page": 2}).json()
    assert [item["sn"] for item in page["items"]] == ["0", "1"]
    assert (page["next_page"], page["has_next_page"]) == (2, True)
    assert (
        bench.operator("GET", "devices", params={"per_page": 2, "page": 2}).json()["items"][0]["id"]
        == device.id
    )
    assert bench.operator("GET", "devices", params={"space_id": 2}).json()["items"] == []
    for wrong in ({"per_page": 101}, {"page": 0}, {"page": "x"}, {"page": "9" * 30}, {"space_id": "x"}):
        assert bench.operator("GET", "devices", params=wrong).status_code == 422, wrong


def test_a_silent_device_is_disconnected(bench, device):
    device.telemetry()
    bench.now += 5 * 60 + 1

    def effective():
        return bench.operator("GET", f"devices/{device.id}").json()["effective_status"]

    assert effective() == "disconnected"
    bench.set(command_timeout_s=3600)
    device.send("update_firmware")  # silence is expected while it runs
    assert effective() == "ok"
    bench.now += 3600
    assert effective() == "disconnected"
    device.call("POST", "/telemetry", json={"status": "error"})
    assert effective() == "error"


def test_histories_windows(bench, device):
    for _ in range(3):
        device.telemetry()
        bench.now += 10 * DAY
    now = int(START)

    def count(**query):
        answer = bench.operator("GET", "devices/histories", params=query)
        return len(answer.json()["items"]) if answer.status_code == 200 else answer.status_code

    assert count() == 0
    assert count(**{"from": now, "to": now + 25 * DAY}) == 3
    assert count(**{"from": now + 1, "to": now + 20 * DAY}) == 2
    assert count(**{"from": now, "to": now + 31 * DAY}) == 3
    assert count(**{"from": now, "to": now + 31 * DAY + 1}) == 422
    assert count(**{"from": now, "to": now - 1}) == 422
    assert count(**{"from": "yesterday"}) == 422
    assert count(per_page=1001) == 422
    window = {"from": now, "to": now + 25 * DAY}
    assert count(**window, per_page=1000) == 3
    assert count(**window, device_id=device.id, name="bench unit 42", status="online", space_id=1) == 3
    assert count(**window, device_id="x") == count(**window, status="error") == count(**window, name="x") == 0
    assert count(**window, status="weird") == 422


def test_deleting_forgets_the_history(bench, device):
    device.telemetry()
    device.send("x")
    assert bench.operator("DELETE", f"devices/{device.id}").json() == {"success": True}
    assert bench.operator("GET", f"devices/{device.id}").status_code == 404
    assert bench.register().claim().status_code == 200
    assert bench.operator("GET", "devices/histories").json()["items"] == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"NaN"])
def test_malformed_bodies(bench, device, body):
    for path in ("devices/claim", f"devices/{device.id}/commands"):
        answer = bench.operator("POST", path, content=body)
        assert answer.status_code == 400
        assert list(answer.json()) == ["error"]
