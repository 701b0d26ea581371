"""A local cloud as a process of its own, for tests and the demo."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from tools import ROOT
from tools.cloud import defaults

_START_S = 20
_STOP_S = 10
_POLL_S = 0.02
_CALL_S = 10
_READY = re.compile(r"^ready http=(\S+) https=(\S+) (?:files=(\S+) )?ca=(.+)\n", re.MULTILINE)

T = TypeVar("T")


class CloudFailed(Exception):
    """The process did not start or did not end well; the text holds what it printed."""


class LocalCloud:
    """A running `python -m tools cloud`; a context manager that stops it at the end.

    data: its folder. options: those of the command, with underscores (host, name, certificate, tls_max, verbose,
    http, https, files; ports are any free ones by default, and the same ones again after restart(); without
    files=0 there is no file host).
    settings: name -> value, in force from the first request on. Raises CloudFailed.

    http, https, files: base URLs, files "" without a file host. ca: the CA file. operator: httpx.Client for paths
    like "devices/claim", with the default operator key. control: httpx.Client for paths like "settings" below
    /_cloud. log: what it printed.
    """

    def __init__(self, data: Path | str, settings: dict[str, Any] | None = None, **options: Any) -> None:
        self.data = Path(data)
        self.log = self.data / "cloud.log"
        self.http = self.https = self.files = ""
        self.ca = self.data
        self._options: dict[str, Any] = {"http": 0, "https": 0, **options}
        self._process: subprocess.Popen[bytes] | None = None
        self.operator = self.control = httpx.Client()
        self._start(settings or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # life

    def restart(self, **options: Any) -> None:
        """Stop and start again on the same ports and data, with these options changed."""
        self.stop()
        self.start(**options)

    def start(self, **options: Any) -> None:
        """Start again after stop() or kill(), on the same ports and data."""
        self._options |= options
        self._start({})

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it with a signal; raises CloudFailed when it does not end, or not with status 0."""
        self._end(number, 0)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._end(signal.SIGKILL, -signal.SIGKILL)

    # operators

    def devices(self) -> list[dict[str, Any]]:
        """Every device, claimed or not, with its state."""
        return _json(self.control.get("devices"))

    def device(self, device_id: str) -> dict[str, Any]:
        """A claimed device as its operator sees it, with its state."""
        return _json(self.operator.get(f"devices/{device_id}"))

    def claim(self, device_id: str) -> dict[str, Any]:
        """Claim a registered device into the default space by its identity, as its owner would."""
        device = next(device for device in self.devices() if device["id"] == device_id)
        names = ("cloud_id",) if device["cloud_id"] else ("mac", "sn")
        identity = {name: device[name] for name in names}
        return _json(self.operator.post("devices/claim", json={"space_id": defaults.SPACE_ID, **identity}))

    def delete_device(self, device_id: str) -> None:
        """Delete a device, claimed or not."""
        _json(self.control.delete(f"devices/{device_id}"))

    def send_command(self, device_id: str, name: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Queue a command for a device, which is claimed first if nobody has; returns the command."""
        return self._send(device_id, {"name": name, "extra_params": params or {}})

    def send_update(self, device_id: str, file_id: str, **extra: Any) -> dict[str, Any]:
        """Queue update_firmware with a file that upload() returned. extra: further parameters, which also go
        before the file's own (version, checksum, signature, and url).
        """
        return self._send(device_id, {"name": "update_firmware", "file_id": file_id, "extra_params": extra})

    def commands(self, device_id: str) -> list[dict[str, Any]]:
        """The commands of a claimed device, newest first."""
        return _json(self.operator.get(f"devices/{device_id}/commands"))["items"]

    def command(self, command: dict[str, Any]) -> dict[str, Any]:
        """What has become of a command that send_command returned."""
        return next(item for item in self.commands(command["device_id"]) if item["id"] == command["id"])

    def cancel_command(self, command: dict[str, Any]) -> dict[str, Any]:
        return _json(self.operator.delete(f"devices/{command['device_id']}/commands/{command['id']}"))

    def delete_command(self, command: dict[str, Any]) -> None:
        """Make the cloud forget it, as if it had never been sent."""
        _json(self.control.delete(f"commands/{command['id']}"))

    # files

    def upload(self, path: Path | str, fields: dict[str, Any] | None = None) -> str:
        """Upload a file, returns its id. fields: of the form (name, description, file_type, version, checksum,
        signature, notes, public_notes), None = those that `python -m tools sign` wrote beside it.
        """
        path = Path(path)
        if fields is None:
            fields = json.loads(path.with_name(path.name + ".json").read_text())
        form = {name: value for name, value in fields.items() if value is not None}
        return _json(self.control.post("files", data=form, files={"file": (path.name, path.read_bytes())}))["id"]

    def file(self, file_id: str) -> dict[str, Any]:
        """Its fields, `bytes_sent` altogether, and `downloads`: range, status, bytes_sent ... of each."""
        return _json(self.control.get(f"files/{file_id}"))

    def replace_file(self, file_id: str, path: Path | str) -> None:
        """Put other content under the same URL, with a new ETag; the form's fields stay."""
        _json(self.control.put(f"files/{file_id}/blob", content=Path(path).read_bytes()))

    def forget_downloads(self, file_id: str) -> None:
        """Count its downloads anew."""
        _json(self.control.delete(f"files/{file_id}/downloads"))

    def delete_file(self, file_id: str) -> None:
        _json(self.control.delete(f"files/{file_id}"))

    # the panel

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings (None = back to the default); returns all."""
        return _json(self.control.put("settings", json=changes))

    def faults(self, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Replace the rules; [] ends all faults. Returns them with every parameter filled in."""
        return _json(self.control.put("faults", json=rules))

    def faults_left(self) -> list[dict[str, Any]]:
        return _json(self.control.get("faults"))

    def requests(self, since: int = 0, limit: int = 1000, all: bool = False) -> list[dict[str, Any]]:
        """The last requests of devices (all: of everybody) with a seq above `since`, oldest first."""
        return _json(self.control.get("requests", params={"since": since, "limit": limit, "all": int(all)}))

    def close_connections(self) -> int:
        """Close all idle keep-alive connections now; returns how many, this client's own not counted."""
        for client in (self.operator, self.control):
            client.close()
        self._connect()
        return _json(self.control.post("close_connections"))["closed"]

    def wait_for(self, predicate: Callable[[], T], timeout: float = 10, what: str = "") -> T:
        """Call `predicate` until it returns something true, and return that.

        timeout: seconds; then TimeoutError with `what` in its text. IndexError, KeyError and StopIteration
        count as not yet, so that a predicate may look at what is not there yet.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                if found := predicate():
                    return found
            except (IndexError, KeyError, StopIteration):
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what or 'what was waited for'} did not happen in {timeout} s")
            time.sleep(_POLL_S)

    def _send(self, device_id: str, body: dict[str, Any]) -> dict[str, Any]:
        if not next(device for device in self.devices() if device["id"] == device_id)["claimed"]:
            self.claim(device_id)
        return _json(self.operator.post(f"devices/{device_id}/commands", json=body))

    def _start(self, settings: dict[str, Any]) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "tools", "cloud", "--data", str(self.data)]
        for name, value in self._options.items():
            option = f"--{name.replace('_', '-')}"
            words += ([option] if value else []) if isinstance(value, bool) else [option, str(value)]
        for name, value in settings.items():
            words += ["--set", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
        with open(self.log, "ab") as log:
            offset = log.tell()
            self._process = subprocess.Popen(
                words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._read_ready_line(self._process, offset)
        except BaseException:  # Ctrl-C, too
            process, self._process = self._process, None
            process.kill()
            process.wait()
            raise
        self._connect()

    def _read_ready_line(self, process: subprocess.Popen[bytes], offset: int) -> None:
        deadline = time.monotonic() + _START_S
        while True:
            ended = process.poll() is not None
            printed = self.log.read_bytes()[offset:].decode(errors="replace")
            if ready := _READY.search(printed):
                break
            if ended or time.monotonic() > deadline:
                raise CloudFailed(f"the cloud did not start: {printed.strip()}")
            time.sleep(_POLL_S)
        self.http, self.https, self.files, ca = ready.groups("")
        self.ca = Path(ca)
        if self.files:
            self._options["files"] = int(self.files.rpartition(":")[2])
        self._options |= {
            "http": int(self.http.rpartition(":")[2]),
            "https": int(self.https.rpartition(":")[2]),
        }

    def _connect(self) -> None:
        key = {"Authorization": defaults.OPERATOR_KEY}
        base = f"{self.http}/core/v1/organization/"
        # Below the shortest keep_alive_s, or a call could meet the cloud's closing of the connection.
        limits = httpx.Limits(keepalive_expiry=0.5)
        options: dict[str, Any] = {"timeout": _CALL_S, "trust_env": False, "limits": limits}
        self.operator = httpx.Client(base_url=base, headers=key, **options)
        self.control = httpx.Client(base_url=f"{self.http}/_cloud/", **options)

    def _end(self, number: signal.Signals, expected: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self.operator.close()
        self.control.close()
        process.send_signal(number)
        try:
            status = process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise CloudFailed(f"the cloud did not end within {_STOP_S} s") from None
        if status != expected:
            raise CloudFailed(f"the cloud ended with status {status}, see {self.log}")


def _json(response: httpx.Response) -> Any:
    """The answer's JSON; raises CloudFailed with the cloud's own words for any error status."""
    if response.is_error:
        raise CloudFailed(
            f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
        )
    return response.json()
