"""The demo's updates: one of the firmware and one of the application, signed with a key made for this demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools import build
from tools.cloud.process import LocalCloud
from tools.demo_board import DemoBoard, make_board
from tools.update import signing
from tools.update.application import application
from tools.update.describe import APPLICATION, FIRMWARE
from tools.update.sign_cli import signed_fields, write_fields

OLD, NEW = "1.0.0", "1.1.0"
LONGEST_S = 180
_KEY_NAME = "demo"
_KEY_PATH = f"/keys/{_KEY_NAME}.pub"
_OVER = ("done", "failed")
# Where in telemetry the code that runs says which it is.
_TOLD_AS = {FIRMWARE: "agent_version", APPLICATION: "version"}


@dataclass
class Update:
    """How one of the two went. told: the version that the code which runs reports of itself."""

    kind: str
    status: str = "not sent"
    message: str = ""
    told: str = ""

    @property
    def over(self) -> bool:
        return self.status == "failed" or (self.status == "done" and self.told == NEW)

    def __str__(self) -> str:
        words = ", ".join(filter(None, (self.status, self.message)))
        return f"{self.kind + ' update':20} {words}; the code that runs says {self.told or 'nothing'}"


class UpdateDemo:
    """One board that takes signed updates, against one cloud, all in `folder`."""

    def __init__(self, cloud: LocalCloud, folder: Path) -> None:
        self._cloud, self._folder = cloud, folder
        self._key = _key(folder / "keys")
        public = self._key.with_suffix(".pub").read_bytes()
        self._board = make_board(folder / "board", cloud, {"update_keys": [_KEY_PATH]}, files={_KEY_PATH: public},
                                 firmware=build.firmware(OLD))

    def run(self, seconds: float | None) -> int:
        """Push both updates, one after the other. seconds: the most that it may take. Returns the exit status."""
        print(f"cloud: {self._cloud.https} (entry and hub), operators use {self._cloud.http}\n", flush=True)
        updates = [Update(FIRMWARE), Update(APPLICATION)]
        with DemoBoard(self._board, seconds or LONGEST_S) as board:
            try:
                self._push(board, updates)
            except KeyboardInterrupt:
                print()
        print("", *updates, sep="\n", flush=True)
        return 0 if all(update.status == "done" and update.told == NEW for update in updates) else 1

    def _push(self, board: DemoBoard, updates: list[Update]) -> None:
        device = board.registered(self._cloud)
        for update in updates:
            if device and board.runs_on():
                self._follow(board, device["id"], update)

    def _follow(self, board: DemoBoard, device_id: str, update: Update) -> None:
        """Build it, send it, and tell what the operator sees until the new code has reported."""
        path = self._built(update.kind)
        print(f"demo  | the operator sends: update_firmware with {path.name}, {path.stat().st_size} bytes", flush=True)
        sent = self._cloud.send_update(device_id, self._cloud.upload(path))
        while board.runs_on() and not update.over:
            command = self._cloud.command(sent)
            told = (command["status"], command["message"] or "")
            if told != (update.status, update.message):
                print(f"demo  | the operator sees: {', '.join(filter(None, told))}", flush=True)
            update.status, update.message = told
            if update.status in _OVER:
                update.told = self._cloud.device(device_id)["state"].get(_TOLD_AS[update.kind], "")

    def _built(self, kind: str) -> Path:
        """The next version as a file, with the fields of its form beside it."""
        data = build.firmware(NEW) if kind == FIRMWARE else application(NEW)
        path = self._folder / f"{kind}-{NEW}{'.app-bin' if kind == FIRMWARE else '.tar'}"
        path.write_bytes(data)
        write_fields(path, signed_fields(data, NEW, self._key))
        return path


def _key(folder: Path) -> Path:
    """The private key of this demo, made when it is not there; its public half lies beside it."""
    private = folder / f"{_KEY_NAME}.pem"
    if not private.exists():
        signing.save(signing.new_key(), folder, _KEY_NAME)
    return private
