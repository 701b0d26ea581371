"""A virtual board in a folder, for tests and tools: make it, run it, look into it.

    board.json   what it is made of (settings.BoardSettings)
    flash.bin    its 4 MiB of flash
    control.bin  the control block; between runs it keeps the outage switch
    state.json   last reset causes, flash operations and wear
    lock         held by whoever runs or changes it
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.board import factory, files, history, layout
from tools.board.clock import Clock
from tools.board.consoles import Consoles, Terminal
from tools.board.control import Control
from tools.board.flash import Flash
from tools.board.power import Power, RunResult
from tools.board.process import Process
from tools.board.serial_port import SerialPort
from tools.board.settings import BoardError, BoardSettings, ratio
from tools.board.wires import Wires

_LOCK = "lock"


class VirtualBoard:
    """The board in `folder`. One run at a time; `stop`, `interrupt` and `outage` work from other threads.

    Raises BoardError when the folder holds no board.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.settings = BoardSettings.load(self.folder)
        self._wake_read, self._wake_write = os.pipe()
        self._stopped = False
        self.portal_ports = 0, 0  # of the host, while it runs: for TCP 80 and UDP 53 of the hot spot
        self._power: Power | None = None

    def __del__(self) -> None:
        for fd in (getattr(self, "_wake_read", -1), getattr(self, "_wake_write", -1)):
            if fd >= 0:
                os.close(fd)

    @classmethod
    def create(cls, folder: str | Path, **description) -> VirtualBoard:
        """Make a board; arguments as `factory.create`. Raises BoardError."""
        factory.create(Path(folder), **description)
        return cls(folder)

    @classmethod
    def create_stock(cls, folder: str | Path, **description) -> VirtualBoard:
        """Make a board that has nothing but MicroPython's firmware; arguments as `factory.create_stock`."""
        factory.create_stock(Path(folder), **description)
        return cls(folder)

    def run(self, for_s: float | None = None, *, cut_after: int | None = None, boots: int | None = None,
            until: Callable[[str], bool] | None = None, on_line: Callable[[str], None] | None = None,
            on_begun: Callable[[str], None] | None = None, speed: float | None = None,
            console_fd: int | None = None, serial: SerialPort | None = None, download: bool = False) -> RunResult:
        """Power up and run until one of: `for_s` wall-clock seconds, `boots` boots have ended, `until(line)`
        was true for a line of the log, `stop()`. Then the power goes.

        cut_after: the power fails in the middle of this flash operation of the run (1-based), and comes
        back. on_line: gets each line of the log, resets included. on_begun: gets the start of a line that is
        not complete, such as a prompt. speed: instead of the one in board.json. console_fd: what is typed at
        the board's console. serial: the board's serial port. download: BOOT is held at power-up. Raises
        BoardError if the board is in use.
        """
        deadline = None if for_s is None else time.monotonic() + for_s
        clock = Clock(ratio(self.settings.speed if speed is None else speed))
        log = _Log(until, on_line, on_begun)
        with self.locked(), self._parts(cut_after, clock) as (flash, control):
            consoles = Consoles(*[Terminal(console_fd)] * (console_fd is not None), *[serial] * (serial is not None))
            start = self._starter(flash, control, log.text, consoles)
            power = Power(flash, control, clock, start, lambda: self._stopped or log.matched, log.line,
                          deadline, self.settings.ntp_offset_s, consoles)
            power.download = download
            self._power = power
            try:
                power.run(boots)
            finally:
                self._power, self._stopped = None, False
                history.record(self.folder, flash, power.boots)
                log.close()
        return RunResult(log.lines, power.boots, flash.operations, power.cut)

    def stop(self) -> None:
        """End the run that goes on, or the next one at once. From any thread."""
        self._stopped = True
        os.write(self._wake_write, b"x")

    def interrupt(self) -> None:
        """Ctrl-C on the board's console."""
        process = self._power and self._power.process
        if process:
            process.interrupt()
            os.write(self._wake_write, b"x")

    def outage(self, what: bool | str) -> None:
        """Take every network off the air (True), or put them back (False); also while the board runs.

        Or one of `control.OUTAGES`: the link looks good and nothing gets through until the board does that.
        """
        with self._control() as control:
            control.outage = what if isinstance(what, str) else ("off", "on")[what]

    def hotspot(self) -> tuple[str, str, int] | None:
        """Name, key and security of the hot spot; None while it is off."""
        with self._control() as control:
            return control.hotspot

    def _control(self) -> contextlib.closing[Control]:
        return contextlib.closing(Control(self.folder / "control.bin"))

    @contextlib.contextmanager
    def wires(self) -> Iterator[Wires]:
        """What is wired to the pins: to look at and to change, also while the board runs."""
        with self._control() as control:
            yield control.wires()

    def wipe(self, what: str) -> None:
        """Erase "nvs", "files" or "flash" (all but the partition table and the slots' images).

        Raises BoardError if the board is in use.
        """
        labels = {"nvs": ["nvs"], "files": ["vfs"], "flash": ["nvs", "otadata", "phy_init", "vfs"]}[what]
        with self.locked(), contextlib.closing(Flash(self.folder / "flash.bin")) as flash:
            for partition in layout.LAYOUT_4MIB_OTA:
                if partition.label in labels:
                    flash.erase(partition.address, partition.size)

    def read_file(self, path: str) -> bytes:
        """A file of the board's file system. Raises FileNotFoundError."""
        return files.read(self.folder / "flash.bin", path)

    def write_file(self, path: str, data: bytes) -> None:
        """Write a file; folders are made. Raises BoardError if the board is in use."""
        with self.locked():
            files.write(self.folder / "flash.bin", path, data)

    def copy(self, to: str | Path) -> VirtualBoard:
        """A second board with the same flash and identity. Raises BoardError if this one is in use."""
        with self.locked():
            shutil.copytree(self.folder, to, ignore=shutil.ignore_patterns(_LOCK))
        return VirtualBoard(to)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others off the board. Raises BoardError when somebody has it."""
        with open(self.folder / _LOCK, "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BoardError(f"the board in {self.folder} is in use: stop the `board run` that has it"
                                 ) from None
            try:
                yield
            finally:  # closing is not enough: a child that another thread is just starting has the file open too
                fcntl.flock(lock, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def _parts(self, cut_after: int | None, clock: Clock) -> Iterator[tuple[Flash, Control]]:
        """Flash and control block for a run."""
        opened = Flash(self.folder / "flash.bin", cut_after=cut_after, seed=self.settings.seed)
        with contextlib.closing(opened) as flash, self._control() as control:
            control.set_chip(mac=bytes.fromhex(self.settings.mac), rssi=self.settings.rssi, speed=clock.speed,
                             factory=False)
            control.set_air([(name, key) for name, key in self.settings.networks])
            http = self.settings.portal_port or _free_port(socket.SOCK_STREAM)
            self.portal_ports = http, _free_port(socket.SOCK_DGRAM)
            control.set_ports(*self.portal_ports)
            yield flash, control

    def _starter(self, flash: Flash, control: Control, on_text: Callable[[bytes], None],
                 consoles: Consoles) -> Callable[[], Process]:
        command = factory.interpreter(self.settings.arch)
        return lambda: Process(command, self.settings.interpreter_heap(control.has_files(flash.fileno())),
                               flash.fileno(), control, on_text, self._wake_read, consoles)


def _free_port(kind: int) -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Log:
    """Cuts what a board prints into lines."""

    def __init__(self, until: Callable[[str], bool] | None, on_line: Callable[[str], None] | None,
                 on_begun: Callable[[str], None] | None):
        self.lines: list[str] = []
        self._on_begun = on_begun
        self._until = until
        self._on_line = on_line
        self._rest = b""
        self.matched = False

    def text(self, data: bytes) -> None:
        """Printed by the interpreter."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._add(line.decode(errors="replace").rstrip("\r"))
        if self._rest and self._on_begun:
            self._on_begun(self._rest.decode(errors="replace"))

    def line(self, line: str) -> None:
        """Said by the supervisor: begins a new line."""
        self.close()
        self._add(line)

    def close(self) -> None:
        """Hand on a line that was begun."""
        if self._rest:
            self.text(b"\n")

    def _add(self, line: str) -> None:
        self.lines.append(line)
        if self._on_line:
            self._on_line(line)
        if self._until and not self.matched and self._until(line):
            self.matched = True
