"""A local cloud and a virtual ESP32 on this machine: watch a board register over verified HTTPS, report and obey."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import failures
from tools.board.settings import BoardError
from tools.build import BuildError
from tools.cloud import defaults
from tools.cloud.process import CloudFailed, LocalCloud
from tools.demo_board import DemoBoard, known_port, make_board
from tools.demo_update import UpdateDemo
from tools.interpreter import MissingInterpreter

HELP = "a cloud and a board on this machine: watch one register, report and obey"
_REPORTS_BEFORE_REBOOT = 2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS",
                        help="send a reboot by itself, stop after so long, and judge the outcome by the exit status; "
                             "without it the demo runs until Ctrl-C")
    parser.add_argument("--update", action="store_true",
                        help="build the next version of firmware and application, sign and push both, and watch the "
                             "board take them; ends by itself, --for is the longest it may take (default: 180)")
    parser.add_argument("--dir", type=Path, help="keep cloud and board in this folder (default: a temporary one)")


@failures.told("demo", BoardError, BuildError, CloudFailed, MissingInterpreter, OSError)
def run(args: argparse.Namespace) -> int:
    """Returns 0; with --for, 1 unless the board registered, reported, and carried the reboot out; with --update, 1
    unless both updates are done and the new code says so itself.
    """
    folder = args.dir or Path(tempfile.mkdtemp(prefix="xyte-demo-"))
    try:
        with LocalCloud(folder / "cloud", https=known_port(folder / "board")) as cloud:
            if args.update:
                return UpdateDemo(cloud, folder).run(args.seconds)
            return Demo(cloud, folder).run(args.seconds)
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
        self._board = make_board(folder / "board", cloud)

    def run(self, seconds: float | None) -> int:
        """Power the board up and follow it. seconds: None = until Ctrl-C."""
        print(f"cloud: {self._cloud.https} (entry and hub), operators use {self._cloud.http}\n", flush=True)
        outcome = Outcome()
        with DemoBoard(self._board, seconds) as board:
            try:
                self._follow(board, outcome, reboot=seconds is not None)
            except KeyboardInterrupt:
                print()
        outcome.registered = bool(self._cloud.devices())
        outcome.accepted = self._reports()
        outcome.boots = board.boots
        self._summary(outcome)
        return 0 if seconds is None or outcome.good else 1

    def _follow(self, board: DemoBoard, outcome: Outcome, reboot: bool) -> None:
        """When the board has registered, say what to try, and in a timed run send the reboot."""
        device = board.registered(self._cloud)
        if not device:
            return
        print(self._what_to_try(device["id"]), flush=True)
        sent = None
        while board.runs_on():
            if reboot and not sent and self._reports() >= _REPORTS_BEFORE_REBOOT:
                print("demo  | the operator sends: reboot", flush=True)
                sent = self._cloud.send_command(device["id"], "reboot")
            if sent:
                outcome.command = self._cloud.command(sent)["status"]

    def _reports(self) -> int:
        return sum(1 for request in self._cloud.requests()
                   if request["path"].endswith("/telemetry") and request["status"] in (200, 201))

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
