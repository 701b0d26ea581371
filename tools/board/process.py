"""One boot of the interpreter: its pipes, its console, its requests, until it ends or is ended."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

from tools.board import firmware
from tools.board.chip import HEADER, Chip, Request
from tools.board.consoles import Consoles
from tools.board.control import Control
from tools.board.keyboard import Keyboard


def readable(fds: list[int], timeout_s: float | None) -> set[int]:
    """Those of `fds` that have something to read, or whose other end is gone; empty after `timeout_s`."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return {fd for fd, _ in poll.poll(None if timeout_s is None else timeout_s * 1000)}


@dataclass(frozen=True)
class Exit:
    """The interpreter ended by itself. status: exit code, or minus the signal that killed it."""

    status: int


@dataclass(frozen=True)
class Stopped:
    """The supervisor was asked to stop, or the time was up."""


@dataclass(frozen=True)
class Pressed:
    """Somebody pressed the button EN, with BOOT for download mode."""

    download: bool


class Process:
    """A running interpreter. command: argv prefix; heap: for `-X heapsize`.

    flash_fd, control: what it maps. on_text: gets what it prints. wake_fd: readable when `run` shall look at
    `stop` and at the keyboard; consoles: who types, and sees what it prints.
    """

    def __init__(self, command: list[str], heap: str, flash_fd: int, control: Control,
                 on_text: Callable[[bytes], None], wake_fd: int, consoles: Consoles):
        self._on_text = on_text
        self._wake_fd = wake_fd
        self._consoles = consoles
        self._buffer = bytearray()
        rom = firmware.shim_romfs()
        with tempfile.TemporaryFile() as rom_file:
            rom_file.write(rom)
            rom_file.flush()
            their_requests, their_replies = self._pipes()
            fds = [rom_file.fileno(), len(rom), control.fileno(), flash_fd, their_requests, their_replies]
            try:
                self._child = subprocess.Popen(
                    [*command, "-X", f"heapsize={heap}", str(firmware.START), *map(str, fds)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
                    start_new_session=True, pass_fds=[fds[0], *fds[2:]],
                    env={**os.environ, "TZ": "UTC0", "MICROPYPATH": ".frozen"},
                )
            finally:
                os.close(their_requests)
                os.close(their_replies)
        assert self._child.stdout is not None and self._child.stdin is not None
        self._stdout = self._child.stdout.fileno()
        os.set_blocking(self._stdout, False)
        self._keyboard = Keyboard(self._child.pid, self._child.stdin.fileno(), control)

    def interrupt(self) -> None:
        """Ctrl-C on the board's console. From any thread; `wake_fd` must become readable then."""
        self._keyboard.type(b"\x03")

    def run(self, chip: Chip, deadline: float | None, stop: Callable[[], bool]) -> Exit | Stopped | Pressed:
        """Serve until the interpreter ends, `stop()` turns true or `deadline` (monotonic seconds) passes.

        Raises what `Chip.answer` raises: Reset, PowerCut, Panic. The interpreter is dead afterwards, and
        all it printed was handed on.
        """
        try:
            return self._serve(chip, deadline, stop)
        finally:
            self._kill()

    def _serve(self, chip: Chip, deadline: float | None, stop: Callable[[], bool]) -> Exit | Stopped | Pressed:
        printing, again = True, None
        while not stop():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            fixed = [self._requests, self._wake_fd] + [self._stdout] * printing
            ready = readable([*fixed, *self._consoles.watched()], min(filter(None, (left, again)), default=None))
            if self._stdout in ready:
                printing = self._drain()
            if self._wake_fd in ready:
                os.read(self._wake_fd, 64)
            for fd in ready - set(fixed):
                self._keyboard.type(self._consoles.typed(fd))
            if button := self._consoles.button():
                return Pressed(button == "download")
            again = self._keyboard.pump()
            if self._requests in ready and not self._answer(chip):
                return Exit(self._child.wait())
        return Stopped()

    def _pipes(self) -> tuple[int, int]:
        """Makes both pipes; returns the interpreter's ends."""
        self._requests, their_requests = os.pipe()
        their_replies, self._replies = os.pipe()
        return their_requests, their_replies

    def _drain(self) -> bool:
        """Hand on what was printed, at most what a pipe holds. False at the end."""
        with contextlib.suppress(BlockingIOError):
            text = os.read(self._stdout, 65536)
            if self._consoles:
                self._consoles.shown(text, raw=self._keyboard.off())
            self._on_text(text)
            return bool(text)
        return True

    def _answer(self, chip: Chip) -> bool:
        """Take in bytes and answer complete requests. False when the interpreter has closed its end."""
        received = os.read(self._requests, 65536)
        self._buffer += received
        while request := self._next_request():
            self._drain()  # what was printed before the request comes before its effects
            answer = chip.answer(request)
            with contextlib.suppress(BrokenPipeError):
                while answer:
                    answer = answer[os.write(self._replies, answer):]
        return bool(received)

    def _next_request(self) -> Request | None:
        if len(self._buffer) < HEADER.size:
            return None
        number, a, key_size, b, c, size = HEADER.unpack_from(self._buffer)
        end = HEADER.size + key_size + size
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[HEADER.size : end])
        del self._buffer[:end]
        return Request(number, a, b, c, body[:key_size].decode(errors="replace"), body[key_size:])

    def _kill(self) -> None:
        self._child.kill()
        self._child.wait()
        self._drain()
        for stream in (self._child.stdout, self._child.stdin):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        os.close(self._requests)
        os.close(self._replies)
