"""A cloud without sockets, with a clock that tests set, and the fixtures of the cloud's tests."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import strategies as st

from tools.cloud import defaults
from tools.cloud.app import build
from tools.cloud.process import LocalCloud
from tools.cloud.state import Cloud

START = 1_900_000_000.0  # Unix seconds; some day in 2030

REGISTRATION = {
    "hardware_key": defaults.HARDWARE_KEY,
    "sn": "LAB-0042",
    "mac": "02:00:5e:10:00:7f",
    "firmware_version": "1.4.0",
    "name": "bench unit 42",
    "details": {"network": {"ip": "192.0.2.17"}},
}

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


class Bench:
    """The application of one data folder. now: what its clock says, in Unix seconds."""

    def __init__(self, data: Path) -> None:
        self.now = START
        self.cloud = Cloud(data, clock=lambda: self.now)
        self._app = build(self.cloud)
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.close()
        self.cloud.close()

    def call(self, method: str, path: str, peer: str = "127.0.0.1", **options: Any) -> httpx.Response:
        """One request; peer: the address that it seems to come from."""
        return self._runner.run(self._call(method, path, peer, options))

    async def _call(self, method: str, path: str, peer: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, client=(peer, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://cloud.test") as client:
            return await client.request(method, path, **options)

    def register(self, **fields: Any) -> "Device":
        """A registered device; `fields` change the usual registration."""
        answer = self.call("POST", "/v1/devices", json=REGISTRATION | fields)
        assert answer.status_code == 201, answer.text
        return Device(self, answer.json()["id"], answer.json()["access_key"])

    def operator(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": defaults.OPERATOR_KEY}
        return self.call(method, f"/core/v1/organization/{path}", headers=headers, **options)

    def set(self, **settings: Any) -> None:
        answer = self.call("PUT", "/_cloud/settings", json=settings)
        assert answer.status_code == 200, answer.text


class Device:
    """What a board would do, and what its operator does with it."""

    def __init__(self, bench: Bench, device_id: str, key: str) -> None:
        self.bench, self.id, self.key = bench, device_id, key

    def call(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        headers = {"Authorization": self.key}
        return self.bench.call(method, f"/v1/devices/{self.id}{path}", headers=headers, **options)

    def telemetry(self, **values: Any) -> httpx.Response:
        return self.call("POST", "/telemetry", json={"status": "online", "telemetries": values})

    def report(self, command_id: Any, status: str, **more: Any) -> httpx.Response:
        return self.call("POST", "/command", json={"id": command_id, "status": status, **more})

    def claim(self, **more: Any) -> httpx.Response:
        identity = {"mac": REGISTRATION["mac"], "sn": REGISTRATION["sn"]}
        return self.bench.operator("POST", "devices/claim", json={"space_id": 1, **identity, **more})

    def send(self, name: str, **params: Any) -> dict[str, Any]:
        """Queue a command as the operator."""
        body = {"name": name, "extra_params": params}
        answer = self.bench.operator("POST", f"devices/{self.id}/commands", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def command(self, command: dict[str, Any]) -> dict[str, Any]:
        """What the operator sees of it now."""
        items = self.bench.operator("GET", f"devices/{self.id}/commands").json()["items"]
        return next(item for item in items if item["id"] == command["id"])

    def state(self) -> dict[str, Any]:
        """As stored, claimed or not."""
        devices = self.bench.call("GET", "/_cloud/devices").json()
        return next(device["state"] for device in devices if device["id"] == self.id)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def device(bench: Bench) -> Device:
    """Registered and claimed."""
    device = bench.register()
    assert device.claim().status_code == 200
    return device


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One real process for a whole module."""
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud
