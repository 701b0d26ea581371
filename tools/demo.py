"""A local cloud and a virtual ESP32 on this machine: watch a board register over verified HTTPS, report and obey."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.board.settings import BoardError
from tools.board.virtual import VirtualBoard
from tools.cloud import defaults
from tools.cloud.process import CloudFailed, LocalCloud
from tools.interpreter import MissingInterpreter

HELP = "a cloud and a board on this machine: watch one register, report and obey"
INTERVAL_S = 5
_SERIAL_NUMBER = "DEMO-0001"
_REPORTS_BEFORE_REBOOT = 2
_POLL_S = 0.2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS",
                        help="send a reboot by itself, stop after so long, and judge the outcome by the exit status; "
                             "without it the demo runs until Ctrl-C")
    parser.add_argument("--dir", type=Path, help="keep cloud and board in this folder (default: a temporary one)")


def run(args: argparse.Namespace) -> int:
    """Returns 0; with --for, 1 unless the board registered, reported, and carried the reboot out."""
    folder = args.dir or Path(tempfile.mkdtemp(prefix="xyte-demo-"))
    try:
        with LocalCloud(folder / "cloud") as cloud:
            return Demo(cloud, folder).run(args.seconds)
    except (BoardError, CloudFailed, MissingInterpreter) as error:
        print(f"demo: {error}")
        return 1
    finally:
        if not args.dir:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Outcome:
    """What is known at the end. command: status of the reboot command, or "not sent"."""

    registered: bool = False
    accepted: int = 0
    command: str = "not sent"
    boots: int = 0

    @property
    def good(self) -> bool:
        return self.registered and self.accepted > 0 and self.command == "done" and self.boots > 1


class Demo:
    """One board against one cloud, both in `folder`."""

    def __init__(self, cloud: LocalCloud, folder: Path):
        self._cloud = cloud
        self._board = self._make_board(folder / "board")
        self._over = threading.Event()
        self._failure: Exception | None = None
        self._boots = 0

    def _make_board(self, folder: Path) -> VirtualBoard:
        if folder.exists():
            return VirtualBoard(folder)
        print("making a board: partition table, firmware image, file system ...", flush=True)
        return VirtualBoard.create(
            folder, entry_url=self._cloud.https, hardware_key=defaults.HARDWARE_KEY, sn=_SERIAL_NUMBER,
            ca=self._cloud.ca.read_bytes(),
            settings={"telemetry_interval_s": INTERVAL_S, "log_level": "debug"})

    def run(self, seconds: float | None) -> int:
        """Power the board up and follow it. seconds: None = until Ctrl-C."""
        print(f"cloud: {self._cloud.https} (entry and hub), operators use {self._cloud.http}\n", flush=True)
        board = threading.Thread(target=self._run_board, args=(seconds,))
        board.start()
        outcome = Outcome()
        try:
            self._follow(outcome, reboot=seconds is not None)
        except KeyboardInterrupt:
            print()
        finally:
            self._board.stop()
            board.join()
        if self._failure:
            raise self._failure
        self._count(outcome)
        self._summary(outcome)
        return 0 if seconds is None or outcome.good else 1

    def _run_board(self, seconds: float | None) -> None:
        try:
            self._board.run(seconds, on_line=self._show)
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            self._failure = error
        finally:
            self._over.set()

    def _show(self, line: str) -> None:
        self._boots += line.startswith("--- boot ")
        print(f"board | {line}", flush=True)

    def _follow(self, outcome: Outcome, reboot: bool) -> None:
        """Claim the board when it has registered, say what to try, and in a timed run send the reboot."""
        device = self._wait_for_device()
        if not device:
            return
        outcome.registered = True
        if not device["claimed"]:
            self._cloud.claim(device["id"])
        print(self._what_to_try(device["id"]), flush=True)
        sent = None
        while not self._over.wait(_POLL_S):
            if reboot and not sent and self._reports() >= _REPORTS_BEFORE_REBOOT:
                print("demo  | the operator sends: reboot", flush=True)
                sent = self._cloud.send_command(device["id"], "reboot")
            if sent:
                outcome.command = self._cloud.command(sent)["status"]

    def _wait_for_device(self) -> dict[str, Any] | None:
        while not self._over.wait(_POLL_S):
            if devices := self._cloud.devices():
                return devices[0]
        return None

    def _reports(self) -> int:
        return sum(1 for request in self._cloud.requests()
                   if request["path"].endswith("/telemetry") and request["status"] in (200, 201))

    def _count(self, outcome: Outcome) -> None:
        outcome.registered = bool(self._cloud.devices())
        outcome.accepted = self._reports()
        outcome.boots = self._boots

    def _what_to_try(self, device_id: str) -> str:
        base = f"{self._cloud.http}/core/v1/organization/devices/{device_id}"
        key = f"-H 'Authorization: {defaults.OPERATOR_KEY}'"
        return "\n".join([
            "", "Try, in another terminal:", "",
            f"  curl {key} {base}", "      the device with its state", "",
            f"  curl {key} -H 'Content-Type: application/json' -d '{{\"name\": \"reboot\"}}' {base}/commands",
            "      restart the board and watch it report `done` afterwards", "",
            f"  curl {key} -H 'Content-Type: application/json' \\",
            f"       -d '{{\"name\": \"say\", \"extra_params\": {{\"text\": \"hello\"}}}}' {base}/commands",
            "      the command that main.py defines", ""])

    def _summary(self, outcome: Outcome) -> None:
        print(f"\nregistered           {'yes' if outcome.registered else 'no'}"
              f"\ntelemetries accepted {outcome.accepted}"
              f"\nreboot command       {outcome.command}"
              f"\nboots                {outcome.boots}", flush=True)
