"""A device's life, from the first start to the report after a commanded restart, against a server of bytes."""

import json

from fakes.chip import FakeChip, Restarted
from fakes.server import FakeServer, response
from places import empty_folder
from xyte.agent import Agent
from xyte.services import files

SETTINGS = {
    "entry_url": "http://localhost:1",
    "development_hosts": ["localhost"],
    "hardware_key": "hk",
    "sn": "S1",
    "telemetry_interval_s": 5,
}


class Cloud:
    """Just enough of the cloud: one device, a queue of commands."""

    def __init__(self):
        self.queue = []
        self.reports = []
        self.registrations = 0

    def __call__(self, method, path, headers, body):
        body = json.loads(body) if body else None
        if path == "/v1/devices":
            self.registrations += 1
            return response(201, {"id": "d1", "access_key": "k1", "hub_url": "localhost:2"})
        if headers.get("authorization") != "k1":
            return response(401, {"error": "Not authorized"})
        if path == "/v1/devices/d1/telemetry":
            return response(200, {"success": True, "command": bool(self.queue)})
        if method == "GET":
            return response(200, self.queue[0] if self.queue else {})
        self.reports.append((body["id"], body["status"], body.get("message")))
        if body["status"] in ("done", "failed"):
            self.queue.pop(0)
        else:
            self.queue[0]["status"] = body["status"]
        return response(200, {})


def test_register_report_obey_restart():
    root = empty_folder("life")
    files.write(root + "/settings.json", json.dumps(SETTINGS).encode())
    cloud = Cloud()
    server = FakeServer(cloud, piece=7)
    chip = FakeChip(root, server)
    agent = Agent(chip=chip)
    said = []

    @agent.sensor("temperature", deadband=0)
    def temperature():
        return 21.5

    @agent.command("say", needs=("text",))
    def say(params, progress):
        progress("half way")
        said.append(params["text"])
        return "said"

    assert agent.run(reports=2) == 2
    assert cloud.registrations == 1
    cloud.queue.append({"id": "c1", "status": "pending", "name": "say", "parameters": {"text": "hello"}})
    cloud.queue.append({"id": "c2", "status": "pending", "name": "sing", "parameters": {}})
    agent.run(for_s=30)
    assert said == ["hello"]
    assert cloud.reports == [
        ("c1", "in_progress", None),
        ("c1", "in_progress", "half way"),
        ("c1", "done", "said"),
        ("c2", "failed", "unknown command 'sing'; this device knows: reboot, say, update_firmware"),
    ]
    cloud.queue.append({"id": "c3", "status": "pending", "name": "reboot", "parameters": {}})
    try:
        agent.run(for_s=60)
    except Restarted:
        pass
    else:
        raise AssertionError("the board did not restart")
    again = FakeChip(root, server, cause="HARD_RESET", session="bb", keys=chip.keys, clock=chip.clock)
    Agent(chip=again).run(for_s=20)
    assert cloud.reports[-2:] == [("c3", "in_progress", None), ("c3", "done", "restarted (HARD_RESET)")]
    assert cloud.registrations == 1
    first = json.loads(server.requests[1][3])
    assert first["override"] is True and first["telemetries"]["temperature"] == 21.5
    second = json.loads(server.requests[3][3])
    assert "override" not in second and "temperature" not in second["telemetries"]
