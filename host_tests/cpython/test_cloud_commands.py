"""The command queue, from both of its ends."""


import cloud_bench
import pytest

bench, device = cloud_bench.bench, cloud_bench.device  # fixtures


def get(device):
    return device.call("GET", "/command")


def flag(device):
    return device.telemetry().json()["command"]


def test_a_command_goes_through_its_life(device):
    sent = device.send("set_relay", on=True, level=None)
    assert flag(device) is True
    assert get(device).json() == {
        "id": sent["id"],
        "device_id": device.id,
        "status": "pending",
        "name": "set_relay",
        "parameters": {"on": True, "level": None},
    }
    assert list(get(device).json()) == ["id", "device_id", "status", "name", "parameters"]
    echo = device.report(sent["id"], "in_progress", message="half way")
    assert echo.json() == {"id": sent["id"], "status": "in_progress", "message": "half way"}
    assert get(device).json()["status"] == "in_progress"
    assert device.report(sent["id"], "done").status_code == 200
    assert get(device).json() == {}
    assert flag(device) is False
    assert device.command(sent)["status"] == "done"


def test_the_queue_keeps_its_order(device):
    sent = [device.send(f"c{n}")["id"] for n in range(3)]
    for command_id in sent:
        assert get(device).json()["id"] == command_id
        device.report(command_id, "failed", message="no")
    assert flag(device) is False


def test_an_empty_queue_has_four_forms(bench, device):
    forms = {
        "{}": (200, "{}"),
        "null": (200, "null"),
        "204": (204, ""),
        "404": (404, '{"error":"Not found"}'),
    }
    for form, expected in forms.items():
        bench.set(empty_queue=form)
        assert (get(device).status_code, get(device).text) == expected, form


def test_the_flag_while_the_head_is_in_progress(bench, device):
    sent = device.send("slow")
    device.report(sent["id"], "in_progress")
    assert flag(device) is True
    bench.set(command_flag_while_in_progress="clear")
    assert flag(device) is False
    assert get(device).json()["id"] == sent["id"]


def test_a_command_in_progress_blocks_the_queue_or_not(bench, device):
    first, second = device.send("first"), device.send("second")
    device.report(first["id"], "in_progress")
    assert get(device).json()["id"] == first["id"]
    bench.set(in_progress_blocks_queue=False)
    assert get(device).json()["id"] == second["id"]
    device.report(second["id"], "done")
    assert get(device).json()["id"] == first["id"]


def test_ids_can_be_integers(bench, device):
    bench.set(command_id_type="integer")
    sent = device.send("count")
    command_id = get(device).json()["id"]
    assert isinstance(command_id, int)
    assert device.report(command_id, "in_progress").json()["id"] == command_id
    assert device.report(str(command_id), "done").status_code == 200  # a device may keep ids as text
    assert device.command(sent)["status"] == "done"


def test_device_id_can_be_left_out(bench, device):
    device.send("x")
    bench.set(device_id_in_answers="none")
    assert "device_id" not in get(device).json()


@pytest.mark.parametrize("command_id", ["00000000-0000-4000-8000-00000000dead", "7", 7, -1, 2**70, "9" * 400])
def test_an_unknown_id(bench, device, command_id):
    assert device.report(command_id, "done").status_code == 404
    for status in (200, 422):
        bench.set(update_command_unknown_id=status)
        assert device.report(command_id, "done").status_code == status


def test_another_devices_command_is_unknown(bench, device):
    other = bench.register(sn="2")
    assert other.report(device.send("x")["id"], "done").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "done"},
        {"id": "x"},
        {"id": "x", "status": "error"},
        {"id": [1], "status": "done"},
        {"id": True, "status": "done"},
        {"id": "x", "status": 1},
        {"id": "x", "status": "done", "message": 5},
    ],
)
def test_a_bad_report_is_refused(device, body):
    assert device.call("POST", "/command", json=body).status_code == 422


def test_unknown_fields_of_a_report_are_tolerated(device):
    sent = device.send("x")
    whole = get(device).json() | {"status": "done", "message": "all of it back"}
    assert device.call("POST", "/command", json=whole).status_code == 200
    assert device.command(sent)["message"] == "all of it back"


def test_a_finished_command_stays_as_it_is(bench, device):
    sent = device.send("x")
    device.report(sent["id"], "done", message="first")
    assert device.report(sent["id"], "failed", message="second").json()["status"] == "done"
    bench.set(update_command_finished_id=422)
    assert device.report(sent["id"], "done").status_code == 422
    assert device.command(sent)["message"] == "first"


@pytest.mark.parametrize(
    "rule, status, ends_as",
    [
        ("ignore", 200, "failed"),
        ("accept", 200, "done"),
        ("refuse", 422, "failed"),
    ],
)
def test_a_report_after_the_timeout(bench, device, rule, status, ends_as):
    bench.set(late_done=rule)
    sent = device.send("slow")
    device.report(sent["id"], "in_progress")
    bench.now += 600
    assert flag(device) is False
    assert (device.command(sent)["status"], device.command(sent)["message"]) == (
        "failed",
        "Command timed out",
    )
    assert device.report(sent["id"], "in_progress").json()["status"] == "failed"
    assert device.report(sent["id"], "done").status_code == status
    assert device.command(sent)["status"] == ends_as


def test_the_timeout_can_run_from_the_first_fetch(bench, device):
    bench.set(command_timeout_from="fetched", command_timeout_s=60)
    sent = device.send("x")
    bench.now += 1000
    assert flag(device) is True
    get(device)
    bench.now += 59
    assert flag(device) is True
    bench.now += 1
    assert flag(device) is False
    assert device.command(sent)["status"] == "failed"


def test_no_timeout(bench, device):
    bench.set(command_timeout_s=0)
    device.send("x")
    bench.now += 10**9
    assert flag(device) is True


def test_bodies_of_update_command(bench, device):
    for form, body in (("{}", {}), ("success", {"success": True})):
        bench.set(update_command_answer=form)
        assert device.report(device.send("x")["id"], "done").json() == body


def test_cancelling(bench, device):
    sent = device.send("x")
    path = f"devices/{device.id}/commands/{sent['id']}"
    assert bench.operator("DELETE", path).json()["status"] == "cancelled"
    assert bench.operator("DELETE", path).status_code == 422
    assert get(device).json() == {}
    assert device.report(sent["id"], "done").status_code == 404
    bench.set(update_command_cancelled_id=200, cancelled_status_name="canceled")
    assert device.report(sent["id"], "done").status_code == 200
    assert device.command(sent)["status"] == "canceled"


def test_cancelling_what_is_in_progress(bench, device):
    sent = device.send("x")
    path = f"devices/{device.id}/commands/{sent['id']}"
    device.report(sent["id"], "in_progress")
    assert bench.operator("DELETE", path).status_code == 422
    bench.set(cancel_in_progress=True)
    assert bench.operator("DELETE", path).status_code == 200
    assert bench.operator("DELETE", f"devices/{device.id}/commands/nothing").status_code == 404


def test_a_model_with_a_list_of_commands(bench):
    model = bench.call(
        "POST",
        "/_cloud/models",
        json={
            "name": "Lamp",
            "commands": [
                "blink",
                {"name": "reboot", "friendly_name": "Restart the lamp", "timeout_s": 5},
            ],
        },
    ).json()
    key = bench.call("POST", "/_cloud/hardware_keys", json={"model_id": model["id"]}).json()["key"]
    device = bench.register(hardware_key=key)
    device.claim()
    path = f"devices/{device.id}/commands"
    for body in (
        {},
        {"name": "dance"},
        {"name": "blink", "extra_params": [1]},
        {"name": 7},
        {"name": "blink", "file_id": "f-1"},
        {"name": "blink", "friendly_name": "Restart the lamp"},
    ):
        assert bench.operator("POST", path, json=body).status_code == 422, body
    sent = bench.operator("POST", path, json={"friendly_name": "Restart the lamp"}).json()
    assert (sent["name"], sent["status"]) == ("reboot", "pending")
    bench.now += 5
    assert device.command(sent)["status"] == "failed"


def test_listing(bench, device):
    sent = [device.send(f"c{n}") for n in range(3)]
    device.report(sent[0]["id"], "done")
    path = f"devices/{device.id}/commands"
    pages = [bench.operator("GET", path, params={"per_page": 2, "page": page}).json() for page in (1, 2)]
    assert [item["name"] for page in pages for item in page["items"]] == ["c2", "c1", "c0"]
    assert [(page["next_page"], page["has_next_page"]) for page in pages] == [(2, True), (None, False)]
    done = bench.operator("GET", path, params={"status": "done"}).json()["items"]
    assert [item["name"] for item in done] == ["c0"]
    assert bench.operator("GET", path, params={"status": "weird"}).status_code == 422


def test_the_panel_makes_the_cloud_forget_a_command(bench, device):
    sent = device.send("blink")
    assert get(device).json()["id"] == sent["id"]
    assert bench.call("DELETE", f"/_cloud/commands/{sent['id']}").status_code == 200
    assert bench.call("DELETE", f"/_cloud/commands/{sent['id']}").status_code == 404
    assert get(device).json() == {} and flag(device) is False
    assert device.report(sent["id"], "done").status_code == 404
