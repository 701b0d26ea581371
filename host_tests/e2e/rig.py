"""A virtual board against a local cloud: made, powered up in a thread of its own, watched by its log."""

import functools
import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

from tools.board import factory, layout
from tools.board.esp_err import EspError
from tools.board.flash import Flash
from tools.board.nvs.storage import Storage
from tools.board.power import RunResult
from tools.board.virtual import VirtualBoard
from tools.cloud import defaults
from tools.cloud.process import LocalCloud

SPEED = 20  # board seconds in a host second: a handshake (20 ms) stays far from the agent's deadline of 30 s
LONG_WAIT_SPEED = 80  # for waits of many minutes of board time

_numbers = itertools.count(1)
_STAMP = re.compile(r" *(\d+)\.(\d{3}) [DIWE] ")

# The application of these tests: a command whose effects can be counted from outside, on the console and in a file.
MAIN = """
from xyte.agent import Agent
agent = Agent(version="1.0.0")
@agent.sensor("answer", every=5, deadband=0)
def answer():
    return 42
@agent.command("mark", needs=("text",))
def mark(params, progress):
    print("effect " + params["text"])
    with open("/effects", "a") as f:
        f.write(params["text"] + "\\n")
    return "marked " + params["text"]
"""
RUN = "agent.run()\n"


@functools.cache
def firmware() -> bytes:
    """An image of what is in lib/, built once for all tests."""
    return factory.built_firmware("1.0.0")


def make_board(folder: Path, cloud: LocalCloud, *, main: str = MAIN + RUN, speed: float = SPEED,
               settings: dict[str, Any] | None = None, **more: Any) -> VirtualBoard:
    """A board that reports every second of its own time. more: see `tools.board.factory.create`."""
    more.setdefault("entry_url", cloud.https)
    more.setdefault("sn", f"E2E-{next(_numbers):04}")
    more.setdefault("firmware", firmware())
    if more["entry_url"].startswith("https"):
        more.setdefault("ca", cloud.ca.read_bytes())
    return VirtualBoard.create(
        folder, hardware_key=defaults.HARDWARE_KEY, main=main.encode(), speed=speed,
        settings={"telemetry_interval_s": 1, "log_level": "debug", **(settings or {})}, **more)


class Powered:
    """The board runs from `with` to the end of its block; its log can be waited for. options: as VirtualBoard.run.

    lines: the log so far, resets included. result: of the run, after the block.
    """

    def __init__(self, board: VirtualBoard, **options: Any) -> None:
        self.board, self.lines = board, []
        self.result = RunResult()
        self._options = options
        self._moments: list[tuple[str, Callable[[], Any]]] = []
        self._news = threading.Condition()
        self._failure: BaseException | None = None
        self._over = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._over:
            self.board.stop()
        self._thread.join()
        if self._failure:
            raise self._failure

    def wait(self, text: str, *, times: int = 1, after: int = 0, timeout: float = 20) -> str:
        """The line in which `text` (a regular expression) is found for the `times`-th time from line `after` on."""
        return self.wait_for(lambda: self._found(text, times, after), text, timeout)

    def wait_for(self, look: Callable[[], Any], what: str, timeout: float = 20) -> Any:
        """Ask `look` after each line, or some of them, until it gives something true. The board goes on meanwhile."""
        end = time.monotonic() + timeout
        while True:
            seen, over = len(self.lines), self._over
            if found := look():
                return found
            with self._news:
                self._news.wait_for(lambda seen=seen: self._over or len(self.lines) > seen, end - time.monotonic())
            assert not over and time.monotonic() < end, (
                f"{what!r} did not come within {timeout} s:\n" + "\n".join(self.lines[-60:]))

    def reports(self, more: int = 1, timeout: float = 20) -> None:
        """Wait until so many more telemetries were accepted."""
        self.wait("telemetry .* accepted", times=more, after=len(self.lines), timeout=timeout)

    def at(self, text: str, do: Callable[[], Any]) -> None:
        """Once, at the first line from now on in which `text` is found: the chip stands still until `do` returns.

        Who waits for that line goes on after `do`: what it undoes (an outage, a fault) was there before.
        """
        self._moments.append((text, do))

    def count(self, text: str, after: int = 0) -> int:
        return len(found(text, self.lines[after:]))

    def _found(self, text: str, times: int, after: int) -> str | None:
        lines = found(text, self.lines[after:])
        return lines[times - 1] if len(lines) >= times else None

    def _run(self) -> None:
        try:
            self.result = self.board.run(120, on_line=self._line, **self._options)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._failure = error
        finally:
            with self._news:
                self._over = True
                self._news.notify_all()

    def _line(self, line: str) -> None:
        for moment in [moment for moment in self._moments if re.search(moment[0], line)]:
            self._moments.remove(moment)
            moment[1]()
        with self._news:
            self.lines.append(line)
            self._news.notify_all()


def registered(board: VirtualBoard) -> VirtualBoard:
    """The board, once it has registered at the usual speed. The answer comes once only: to a board whose seconds are
    still shorter, on a machine with much to do, it would come too late."""
    with Powered(board, speed=SPEED) as run:
        run.reports()
    return board


def found(text: str, lines: list[str]) -> list[str]:
    """The lines in which the regular expression is found."""
    return [line for line in lines if re.search(text, line)]


def troubles(lines: list[str]) -> list[str]:
    """Warnings and errors."""
    return found(r"^ *\d+\.\d{3} [WE] ", lines)


def at(line: str) -> float:
    """The board time of a line of the log, in seconds since the start of its boot."""
    stamp = _STAMP.match(line)
    assert stamp, line
    return int(stamp[1]) + int(stamp[2]) / 1000


def copies(board: VirtualBoard) -> dict[str, bytes | None]:
    """The identity's two copies as they lie on the board's flash, by store; None where there is none."""
    return {"nvs": _nvs_blob(board, "identity"), "file": _file(board, "/identity")}


def identity(board: VirtualBoard) -> dict[str, str]:
    """The identity in use, after a check that both stores hold the same whole record."""
    kept = copies(board)
    assert kept["nvs"] and kept["nvs"] == kept["file"], "the two copies differ"
    current = json.loads(kept["nvs"][10:-4])["current"]  # between head and CRC: see lib/xyte/core/record.py
    assert current["id"] and current["access_key"]
    return current


def the_device(cloud: LocalCloud, sn: str | None = None) -> dict[str, Any]:
    """The only device (of this serial number) in the cloud."""
    devices = [device for device in cloud.devices() if sn in (None, device["sn"])]
    assert len(devices) == 1, devices
    return devices[0]


def told(cloud: LocalCloud, name: str) -> list[Any]:
    """What telemetries said under this name, oldest first."""
    bodies = [request["body"] for request in cloud.requests() if request["path"].endswith("/telemetry")]
    return [body["telemetries"][name] for body in bodies if name in body["telemetries"]]


def serial_number(board: VirtualBoard) -> str:
    return json.loads(board.read_file("/settings.json"))["sn"]


def accepted(cloud: LocalCloud) -> int:
    """Telemetries that the cloud took."""
    return sum(1 for request in cloud.requests()
               if request["path"].endswith("/telemetry") and request["status"] in (200, 201))


def _file(board: VirtualBoard, path: str) -> bytes | None:
    with suppress(FileNotFoundError):
        return board.read_file(path)
    return None


def _nvs_blob(board: VirtualBoard, key: str) -> bytes | None:
    partition = layout.find(layout.LAYOUT_4MIB_OTA, "nvs")
    with board.locked(), closing(Flash(board.folder / "flash.bin")) as flash:
        store = Storage(flash, partition.address, partition.size)
        with suppress(EspError):
            return store.get_blob(store.open("xyte"), key)
    return None
