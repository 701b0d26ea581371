"""The board of the demos: made for a local cloud, run in a thread of its own, its log on the terminal."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tools.board.virtual import VirtualBoard
from tools.cloud import defaults
from tools.cloud.process import LocalCloud

INTERVAL_S = 5
_SERIAL_NUMBER = "DEMO-0001"
_POLL_S = 0.2


def make_board(folder: Path, cloud: LocalCloud, settings: Mapping[str, Any] | None = None,
               **more: Any) -> VirtualBoard:
    """The board in `folder`, made for the cloud when there is none yet. more: see `tools.board.factory.create`."""
    if folder.exists():
        return VirtualBoard(folder)
    print("making a board: partition table, firmware image, file system ...", flush=True)
    return VirtualBoard.create(
        folder, entry_url=cloud.https, hardware_key=defaults.HARDWARE_KEY, sn=_SERIAL_NUMBER, ca=cloud.ca.read_bytes(),
        settings={"telemetry_interval_s": INTERVAL_S, "log_level": "debug", **(settings or {})}, **more)


def known_port(folder: Path) -> int:
    """The port at which the board in `folder`, of an earlier demo, looks for its cloud; 0 when there is no board."""
    if not folder.exists():
        return 0
    return urlsplit(json.loads(VirtualBoard(folder).read_file("/settings.json"))["entry_url"]).port or 0


class DemoBoard:
    """Runs from `with` to the end of the block, or for so many seconds. boots: so far. Raises what the run raised."""

    def __init__(self, board: VirtualBoard, seconds: float | None) -> None:
        self._board, self._seconds = board, seconds
        self._over = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self.boots = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._board.stop()
        self._thread.join()
        if self._failure:
            raise self._failure

    def runs_on(self) -> bool:
        """Wait a moment. False when the run is over."""
        return not self._over.wait(_POLL_S)

    def registered(self, cloud: LocalCloud) -> dict[str, Any] | None:
        """Wait for the device in the cloud, and claim it; None when the run is over before."""
        while self.runs_on():
            if devices := cloud.devices():
                if not devices[0]["claimed"]:
                    cloud.claim(devices[0]["id"])
                return devices[0]
        return None

    def _run(self) -> None:
        try:
            self._board.run(self._seconds, on_line=self._show)
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            self._failure = error
        finally:
            self._over.set()

    def _show(self, line: str) -> None:
        self.boots += line.startswith("--- boot ")
        print(f"board | {line}", flush=True)
