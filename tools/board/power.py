"""One run of a board: from power-up over any number of resets to the end of the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tools.board import bootloader, download, layout
from tools.board.bootloader import Choice, NoBootableImage
from tools.board.chip import Chip, Reset
from tools.board.clock import Clock
from tools.board.consoles import Consoles
from tools.board.control import Control
from tools.board.esp_err import Panic, PowerCut
from tools.board.flash import Flash
from tools.board.process import Exit, Pressed, Process, Stopped, readable
from tools.board.rom_loader import RomLoader

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
CAUSES = {PWRON_RESET: "PWRON_RESET", HARD_RESET: "HARD_RESET", WDT_RESET: "WDT_RESET",
          DEEPSLEEP_RESET: "DEEPSLEEP_RESET", SOFT_RESET: "SOFT_RESET"}
# What the chip's own ROM prints before any program runs.
_ROM_SAYS = b"ets Jul 29 2019 12:21:46\n\nrst:%s,boot:0x13 (SPI_FAST_FLASH_BOOT)\n"
_ROM_CAUSES = {PWRON_RESET: b"0x1 (POWERON_RESET)", HARD_RESET: b"0xc (SW_CPU_RESET)",
               WDT_RESET: b"0xc (SW_CPU_RESET)", DEEPSLEEP_RESET: b"0x5 (DEEPSLEEP_RESET)"}
_SIGALRM = 14
_BOOT_LOOP_PAUSE_S = 0.5


@dataclass
class Boot:
    """One start of the chip. cause: name of the reset cause; slot: label; version: of the image in it.

    flash_operations: from the bootloader on. seconds: wall clock. slot and version are empty when power
    failed in the bootloader or nothing could be started.
    """

    number: int
    cause: str
    slot: str = ""
    version: str = ""
    flash_operations: int = 0
    seconds: float = 0.0


@dataclass
class RunResult:
    """What a run showed. cut: did power fail at the operation that was asked for?"""

    lines: list[str] = field(default_factory=list)
    boots: list[Boot] = field(default_factory=list)
    flash_operations: int = 0
    cut: bool = False


class Power:
    """Drives boots. start: of the interpreter, for one boot. finished: asked between boots and while one runs."""

    def __init__(self, flash: Flash, control: Control, clock: Clock, start: Callable[[], Process],
                 finished: Callable[[], bool], say: Callable[[str], None], deadline: float | None,
                 ntp_offset_s: int, consoles: Consoles):
        self._flash = flash
        self._control = control
        self._clock = clock
        self._start = start
        self._finished = finished
        self._say = say
        self._deadline = deadline
        self._ntp_offset_s = ntp_offset_s
        self._consoles = consoles
        self._choice: Choice | None = None
        self._watchdog_ms = 0
        self.process: Process | None = None
        self.boots: list[Boot] = []
        self.cut = False
        self.download = False  # BOOT is held: the ROM's loader comes instead of the next boot

    def run(self, most_boots: int | None) -> None:
        """Boot after boot until finished, the deadline, or `most_boots` have ended."""
        cause = PWRON_RESET
        self._lose_power()
        while not self._over() and (most_boots is None or len(self.boots) < most_boots):
            if self.download:
                cause = self._download()
                continue
            boot = Boot(len(self.boots) + 1, CAUSES[cause])
            self.boots.append(boot)
            began, operations = time.monotonic(), self._flash.operations
            cause = self._boot(boot, cause)
            boot.flash_operations = self._flash.operations - operations
            boot.seconds = time.monotonic() - began

    def _over(self) -> bool:
        return self._finished() or (self._deadline is not None and time.monotonic() >= self._deadline)

    def _boot(self, boot: Boot, cause: int) -> int:
        """One boot; returns the cause of the next."""
        try:
            choice = self._load(cause)
            boot.slot, boot.version = choice.slot.label, choice.image.version
            self._say(f"--- boot {boot.number}: {boot.cause}, slot {boot.slot} ---")
            if cause != SOFT_RESET:
                self._consoles.shown(_ROM_SAYS % _ROM_CAUSES[cause])
            return self._after(self._execute(choice, cause))
        except PowerCut:
            self._say(f"--- power cut in flash operation {self._flash.operations} ---")
            self.cut = True
            self._lose_power()
            return PWRON_RESET
        except Panic as error:
            self._say(f"--- abort(): {error} ---")
            return HARD_RESET
        except Reset as reset:
            return self._reset(reset)
        except (NoBootableImage, layout.LayoutError) as error:
            self._say(f"--- boot {boot.number}: {boot.cause}: {error} ---")
            return self._pause(_BOOT_LOOP_PAUSE_S) or HARD_RESET

    def _download(self) -> int:
        """A stay in download mode; returns the cause of the next boot."""
        self._say("--- download mode ---")
        try:
            self.download = download.serve(RomLoader(self._flash, self._control.mac), self._consoles, self._over)
        except PowerCut:
            self._say(f"--- power cut in flash operation {self._flash.operations} ---")
            self.cut, self.download = True, False
        self._lose_power()
        return PWRON_RESET

    def _load(self, cause: int) -> Choice:
        if cause == SOFT_RESET and self._choice:
            return self._choice
        if cause == DEEPSLEEP_RESET and self._choice:
            self._choice = bootloader.wake(self._flash, self._choice.slot)
        else:
            self._choice = bootloader.boot(self._flash, self._say)
        return self._choice

    def _execute(self, choice: Choice, cause: int) -> Exit | Stopped | Pressed:
        partitions = layout.unpack(self._flash.read(layout.TABLE_ADDRESS, layout.TABLE_SIZE))
        chip = Chip(self._flash, partitions, choice.slot, self._clock, ntp_offset_s=self._ntp_offset_s)
        self._control.set_table(partitions)
        self._control.set_boot(
            cause=cause, slot=partitions.index(choice.slot),
            payload=(choice.slot.address + choice.image.payload_offset, choice.image.payload_size))
        self._control.set_rtc(*self._clock.rtc())
        self._control.start_peripherals(self._watchdog_ms)
        if cause != SOFT_RESET:
            self._control.stop_radio()
        self._control.start_console()
        self._watchdog_ms = 0
        self.process = self._start()
        try:
            return self.process.run(chip, self._deadline, self._finished)
        finally:
            self.process = None

    def _after(self, end: Exit | Stopped | Pressed) -> int:
        if isinstance(end, Pressed):
            return self._pressed(end.download)
        if isinstance(end, Exit) and end.status == -_SIGALRM:
            self._say("--- task watchdog ---")
            return WDT_RESET
        if isinstance(end, Exit):
            self._say(f"--- the interpreter ended with status {end.status}, taken for a panic ---")
        return HARD_RESET

    def _reset(self, reset: Reset) -> int:
        if reset.kind == SOFT_RESET:
            self._watchdog_ms = reset.ms
        elif reset.kind == DEEPSLEEP_RESET:
            return self._pause(None if reset.ms < 0 else self._clock.host_seconds(reset.ms)) or reset.kind
        return reset.kind

    def _pressed(self, download_too: bool) -> int:
        self._say("--- EN pressed ---")
        self.download = download_too
        self._lose_power()
        return PWRON_RESET

    def _pause(self, seconds: float | None) -> int | None:
        """Do nothing for so long. Returns a reset cause when somebody presses EN meanwhile."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self._over() and (end is None or time.monotonic() < end):
            ready = readable(self._consoles.watched(), min(0.02, max(0.0, end - time.monotonic())) if end else 0.02)
            for fd in ready:
                self._consoles.typed(fd)  # and nobody listens
            if button := self._consoles.button():
                return self._pressed(button == "download")
        return None

    def _lose_power(self) -> None:
        self._control.lose_power()
        self._clock.power_up()


def provision(flash: Flash, control: Control, clock: Clock, start: Callable[[], Process],
              files: Iterator[tuple[str, bytes]]) -> None:
    """At the factory: let the interpreter format the file system and write `files` (path, bytes)."""
    partitions = layout.unpack(flash.read(layout.TABLE_ADDRESS, layout.TABLE_SIZE))
    slot = next(p for p in partitions if p.is_slot)
    chip = Chip(flash, partitions, slot, clock, files=files)
    control.set_table(partitions)
    try:
        end = start().run(chip, time.monotonic() + 60, lambda: False)
    except Reset:
        return
    raise RuntimeError(f"the interpreter could not write the files: {end}")
