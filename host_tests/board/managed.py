"""A board with the agent on it, for the time of these tests, and its cloud."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from target import Target, again, is_frozen

from tools.cloud import defaults
from tools.cloud.process import LocalCloud
from tools.serial import deploy
from tools.serial.port import open_port
from tools.serial.repl import Repl, connect
from tools.update import signing
from tools.update.sign_cli import signed_fields

APPLICATION = Path(__file__).parent / "application"
SN = "BOARD-TEST"
OVER = ("done", "failed")
_LONG_S = 400  # of a chip: a trial takes 300 at most
_VIRTUAL_S = 60  # of a virtual board, which is faster
_ROM_SAYS, _ROM_S = b"rst:0x", 3  # the first that a chip says after a reset, and how soon at the latest
_FILES = ("/identity", "/settings.json", "/board-test-ca.pem", "/board-test.pub", "/crash.txt")
_KEYS = ("identity", "settings", "ca0", "update_key0", "command", "update", "update.at", "update.failed", "version",
         "time", "slot", "trial", "boots", "link_resets")
_CLEAN = """
import os, esp32
def remove(path):
    try:
        for name in os.listdir(path):
            remove(path + '/' + name)
        os.rmdir(path)
    except OSError:
        try:
            os.remove(path)
        except OSError:
            pass
for path in %r:
    remove(path)
nvs = esp32.NVS('xyte')
for key in %r:
    try:
        nvs.erase_key(key)
    except OSError:
        pass
nvs.commit()
"""


def occupied(repl: Repl) -> str:
    """Why a board must not be taken for these tests; "" when it may be."""
    about = repl.call("files", "about")
    if repl.run("import esp32\ntry:\n esp32.NVS('xyte').get_blob('identity', bytearray(1))\n"
                "except OSError as e:\n print(e.errno)").strip() != "-4354" or repl.read("/identity") is not None:
        return "it has an identity: it is somebody's device"
    if any(about["slots"].values()) or repl.read("/main.py") is not None:
        return "there is an application on it"
    return ""


class Managed:
    """target: its board. host: this machine, as the board finds it. networks: as the setting `wifi`; none: the board's
    own. folder: for what is made on the way.
    """

    def __init__(self, target: Target, cloud: LocalCloud, host: str, networks: list[dict[str, str]],
                 folder: Path) -> None:
        self.target, self.cloud, self._host, self._networks, self._folder = target, cloud, host, networks, folder
        self._private, self._public = signing.save(signing.new_key(), folder, "board-test")
        self._kept: dict[str, bytes] = {}
        self._numbers = iter(range(1, 1000))

    def bring(self) -> None:
        """The agent as files, unless the firmware has it; the application, and settings with Wi-Fi."""
        with connect(self.target.port) as repl:
            about = repl.call("files", "about")
            files = deploy.wanted(APPLICATION, with_agent=not is_frozen(about))
            deploy.check(about, files)
            found = {path: repl.read(path) for path in ("/boot.py", "/settings.json")}
            self._kept = {path: data for path, data in found.items() if data is not None}
            deploy.carry_out(repl, deploy.make_plan(repl, files), files, about["free"], lambda text: None)
            known = json.loads(self._kept.get("/settings.json", b"{}"))
            repl.write("/board-test-ca.pem", self.cloud.ca.read_bytes())
            repl.write("/board-test.pub", self._public.read_bytes())
            repl.write("/settings.json", json.dumps({
                "entry_url": f"https://{self._host}:{self.cloud.https.rpartition(':')[2]}", "sn": SN,
                "hardware_key": defaults.HARDWARE_KEY, "ca_files": ["/board-test-ca.pem"],
                "update_keys": ["/board-test.pub"], "telemetry_interval_s": 2,
                "wifi": self._networks or known.get("wifi", []),
            }).encode())
            repl.restart()

    def leave(self) -> None:
        """As it was found."""
        with again(self.target) as repl:
            plan = deploy.make_plan(repl, {})
            deploy.carry_out(repl, plan, {}, 1 << 20, lambda text: None)
            repl.run(_CLEAN % ((*_FILES, "/.deployed", "/slot_a", "/slot_b", "/lib/xyte"), _KEYS))
            for path, data in self._kept.items():
                repl.write(path, data)
            repl.restart()

    def next_version(self) -> str:
        """Newer than any before."""
        return f"1.{next(self._numbers)}.0"

    # what the cloud knows

    def device(self) -> dict[str, Any]:
        """As soon as it has registered."""
        found = [device for device in self.cloud.devices() if device["sn"] == SN]
        return found[0] if found else {"state": {}}

    def state(self) -> dict[str, Any]:
        return self.device()["state"] or {}

    def wait(self, look: Callable[[], Any], what: str) -> None:
        plugged = self.target.plugged
        try:
            self.cloud.wait_for(look, _VIRTUAL_S if plugged else _LONG_S, what)
        except TimeoutError as error:
            log = "\n".join(plugged.lines[-40:]) if plugged else "`tools monitor` shows its log"
            raise TimeoutError(f"{error}; the board: {log}") from None

    def reports(self) -> None:
        """Wait until it has reported once more."""
        before = self.state().get("uptime_s"), self.state().get("reset_cause")
        self.wait(lambda: (self.state().get("uptime_s"), self.state().get("reset_cause")) != before, "a report")

    def slot(self) -> str:
        """Label of the partition that its firmware runs from; restarts it."""
        with again(self.target) as repl:
            label = repl.run("from esp32 import Partition\nprint(Partition(Partition.RUNNING).info()[4])").strip()
            repl.restart()
        self.reports()
        return label

    def command(self, name: str) -> tuple[str, str]:
        """Send a command; returns how it ended: status and message."""
        return self.ended(self.cloud.send_command(self.device()["id"], name))

    def ended(self, sent: dict[str, Any]) -> tuple[str, str]:
        self.wait(lambda: self.cloud.command(sent)["status"] in OVER, sent["name"])
        return self.cloud.command(sent)["status"], self.cloud.command(sent)["message"]

    def wait_during(self, sent: dict[str, Any], look: Callable[[], Any], what: str) -> None:
        """Wait for something that must come before the end of a command."""
        self.wait(lambda: look() or self.cloud.command(sent)["status"] in OVER, what)
        assert look(), f"before {what}: {self.cloud.command(sent)['message']}"

    def update(self, data: bytes, version: str) -> tuple[dict[str, Any], str]:
        """Sign, upload and command an update; returns the command and the file's id."""
        path = self._folder / f"update-{version}"
        path.write_bytes(data)
        file = self.cloud.upload(path, signed_fields(data, version, self._private))
        return self.cloud.send_update(self.device()["id"], file), file


def has_buttons(port: str) -> bool:
    """Can the chip be reset through this port? Not through one that carries bytes only."""
    return not port.startswith("socket://")


def press_en(port: str) -> bool:
    """RTS pulls EN down, as esptool does it. Did the chip start anew, by what its ROM says then?

    USB-Serial-JTAG resets the chip, too, but with another cause; USB of the firmware's own (TinyUSB) does not.
    """
    with contextlib.closing(open_port(port, _ROM_S)) as line:
        line.dtr = False
        line.rts = True
        time.sleep(0.2)
        line.rts = False
        return line.read_until(_ROM_SAYS).endswith(_ROM_SAYS)


@contextlib.contextmanager
def managed(target: Target, cloud: LocalCloud, host: str, networks: list[dict[str, str]],
            folder: Path) -> Iterator[Managed]:
    """The board with the agent from here to the end of the block."""
    board = Managed(target, cloud, host, networks, folder)
    try:
        board.bring()
        yield board
    finally:
        board.leave()
