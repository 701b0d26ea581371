"""The cloud as one device meets it: registers it, takes telemetry, holds a queue of commands. Answers a FakeServer."""

import json

from fakes.chip import Fuse
from fakes.server import response

REGISTER, TELEMETRY, GET_COMMAND, UPDATE_COMMAND, GET_FILE = "register", "telemetry", "get", "update", "file"


class FakeCloud:
    """says: call -> bytes of a response to give in place of the right one, or a callable(body) -> bytes or None.

    devices: access key -> id, of the devices that exist. outcomes: command id -> list of (status, message), the final
    ones that were taken. files: newer ones than the device has, oldest first. calls: (call, milliseconds) of every
    request. fuse: may cut the power before and after each.
    """

    def __init__(self):
        self.devices, self.queue, self.outcomes = {}, [], {}
        self.says, self.calls = {}, []
        self.telemetries, self.updates, self.files = [], [], []
        self.registrations = 0
        self.fuse = Fuse()
        self.clock = None

    def send(self, ident, name, **parameters):
        """An operator queues a command."""
        self.queue.append({"id": ident, "status": "pending", "name": name, "parameters": parameters})

    def count(self, call):
        return len([1 for made, _ in self.calls if made == call])

    def times(self, call):
        """When this call was made, in milliseconds."""
        return [ms for made, ms in self.calls if made == call]

    def __call__(self, method, path, headers, body):
        self.fuse.burn()
        answer = self._answer(method, path, headers, json.loads(body) if body else None)
        self.fuse.burn()
        return answer

    def _answer(self, method, path, headers, body):
        if path == "/v1/devices":
            call = REGISTER
        elif path.endswith("/telemetry"):
            call = TELEMETRY
        elif "/files/" in path:
            call = GET_FILE
        else:
            call = GET_COMMAND if method == "GET" else UPDATE_COMMAND
        self.calls.append((call, self.clock.ms if self.clock else 0))
        said = self.says.get(call)
        if callable(said):
            said = said(body)
        if said is not None:
            return said
        if call == REGISTER:
            return self._register()
        ident = path.split("/")[3]
        if self.devices.get(headers.get("authorization")) != ident:
            return response(401, {"error": "Not authorized"})
        if call == TELEMETRY:
            self.telemetries.append(body)
            newest = self.files[-1]["id"] if self.files else None
            return response(200, {"success": True, "command": bool(self.queue), "latest_fw_file_id": newest})
        if call == GET_FILE:
            return response(200, next(file for file in self.files if file["id"] == path.split("/")[5]))
        if call == GET_COMMAND:
            return response(200, self.queue[0] if self.queue else {})
        if method == "PUT":
            return response(200, {})
        return self._update(body)

    def _register(self):
        if self.devices:
            return response(422, {"error": "has already been taken"})
        self.registrations += 1
        key = "secret-key-%d" % self.registrations
        self.devices[key] = "d%d" % self.registrations
        return response(201, {"id": self.devices[key], "access_key": key, "hub_url": "localhost:2"})

    def _update(self, body):
        self.updates.append((body["id"], body["status"], body.get("message", "")))
        if not self.queue or self.queue[0]["id"] != body["id"]:
            return response(404, {"error": "no such command"})
        if body["status"] == "in_progress":
            self.queue[0]["status"] = "in_progress"
        else:
            self.queue.pop(0)
            self.outcomes.setdefault(body["id"], []).append((body["status"], body.get("message", "")))
        return response(200, {})
