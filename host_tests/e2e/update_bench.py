"""A board that takes signed updates, its cloud, and the operator who sends them."""

import itertools
from pathlib import Path
from typing import Any, Self

import payloads
from payloads import Update
from rig import Powered, make_board, serial_number, the_device

from tools.board.virtual import VirtualBoard
from tools.cloud.process import LocalCloud

HEAP = "100wK"
OVER = ("done", "failed")
SLOTS = {payloads.FIRMWARE: ("ota_0", "ota_1"), payloads.APPLICATION: ("/slot_a", "/slot_b")}
_numbers = itertools.count(1)


def make_updatable(folder: Path, cloud: LocalCloud, *, settings: dict[str, Any] | None = None,
                   **more: Any) -> VirtualBoard:
    """A board with one public key on it. more: see `rig.make_board`."""
    more.setdefault("files", {payloads.KEY_PATH: payloads.public_key()})
    more.setdefault("heap", HEAP)
    return make_board(folder, cloud, settings={"update_keys": [payloads.KEY_PATH], **(settings or {})}, **more)


class Bench:
    """What the operator does and sees. device: id in the cloud, known once the board has registered."""

    def __init__(self, folder: Path, cloud: LocalCloud, board: VirtualBoard) -> None:
        self.folder, self.cloud, self.board = folder, cloud, board
        self._sn = serial_number(board)

    @property
    def device(self) -> str:
        return the_device(self.cloud, self._sn)["id"]

    def info(self) -> dict[str, Any]:
        """The device as its operator sees it."""
        return self.cloud.device(self.device)

    def upload(self, update: Update) -> str:
        path = self.folder / f"upload{next(_numbers)}"
        path.write_bytes(update.data)
        return self.cloud.upload(path, update.fields)

    def send(self, update: Update, **extra: Any) -> "Sent":
        """Upload and command. extra: more parameters."""
        file = self.upload(update)
        return Sent(self, file, self.cloud.send_update(self.device, file, **extra))

    def again(self, file: str, **extra: Any) -> "Sent":
        """Command with a file that is there already."""
        return Sent(self, file, self.cloud.send_update(self.device, file, **extra))


class Sent:
    """An update command on its way. id: of the command; file: id of its file."""

    def __init__(self, bench: Bench, file: str, command: dict[str, Any]) -> None:
        self._bench, self.file, self._command = bench, file, command
        self.id = command["id"]

    def now(self) -> dict[str, Any]:
        return self._bench.cloud.command(self._command)

    def over(self) -> bool:
        return self.now()["status"] in OVER

    def withdraw(self, how: str) -> None:
        """how: "cancelled" by the operator, or "vanished": the cloud does not know the id any more."""
        if how == "cancelled":
            self._bench.cloud.cancel_command(self._command)
        else:
            self._bench.cloud.delete_command(self._command)

    def outcome(self, run: Powered, timeout: float = 40) -> tuple[str, str]:
        """Wait for the end: (status, message)."""
        run.wait_for(self.over, f"the end of the update {self.id}", timeout)
        command = self.now()
        return command["status"], command["message"]

    def done(self, run: Powered, timeout: float = 40) -> Self:
        status, message = self.outcome(run, timeout)
        assert status == "done", message + "\n" + "\n".join(run.lines[-80:])
        return self

    def failed(self, run: Powered, timeout: float = 40) -> str:
        """Wait for the end, which must be a failure; returns the message."""
        status, message = self.outcome(run, timeout)
        assert status == "failed", message + "\n" + "\n".join(run.lines[-80:])
        return message

    def bytes_sent(self) -> int:
        """Of the file, over all its downloads."""
        return self._bench.cloud.file(self.file)["bytes_sent"]
