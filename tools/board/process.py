"""One boot of the interpreter: its pipes, its console, its requests, until it ends or is ended."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

from tools.board import firmware
from tools.board.chip import HEADER, Chip, Request


@dataclass(frozen=True)
class Exit:
    """The interpreter ended by itself. status: exit code, or minus the signal that killed it."""

    status: int


@dataclass(frozen=True)
class Stopped:
    """The supervisor was asked to stop, or the time was up."""


class Process:
    """A running interpreter. command: argv prefix; heap: for `-X heapsize`.

    flash_fd, control_fd: what it maps. on_text: gets what it prints. wake_fd: readable when `pump` shall
    look at `stop`; console_fd: what is typed, or None.
    """

    def __init__(self, command: list[str], heap: str, flash_fd: int, control_fd: int,
                 on_text: Callable[[bytes], None], wake_fd: int, console_fd: int | None):
        self._on_text = on_text
        self._wake_fd = wake_fd
        self._console_fd = console_fd
        self._buffer = bytearray()
        rom = firmware.shim_romfs()
        with tempfile.TemporaryFile() as rom_file:
            rom_file.write(rom)
            rom_file.flush()
            their_requests, their_replies = self._pipes()
            fds = [rom_file.fileno(), len(rom), control_fd, flash_fd, their_requests, their_replies]
            try:
                self._child = subprocess.Popen(
                    [*command, "-X", f"heapsize={heap}", str(firmware.START), *map(str, fds)],
                    stdin=subprocess.PIPE if console_fd is not None else subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0, start_new_session=True,
                    pass_fds=[fds[0], *fds[2:]], env={**os.environ, "TZ": "UTC0", "MICROPYPATH": ".frozen"},
                )
            finally:
                os.close(their_requests)
                os.close(their_replies)
        assert self._child.stdout is not None
        self._stdout = self._child.stdout.fileno()
        os.set_blocking(self._stdout, False)

    def interrupt(self) -> None:
        """Ctrl-C on the board's console."""
        self._child.send_signal(signal.SIGINT)

    def run(self, chip: Chip, deadline: float | None, stop: Callable[[], bool]) -> Exit | Stopped:
        """Serve until the interpreter ends, `stop()` turns true or `deadline` (monotonic seconds) passes.

        Raises what `Chip.answer` raises: Reset, PowerCut, Panic. The interpreter is dead afterwards, and
        all it printed was handed on.
        """
        try:
            with selectors.DefaultSelector() as selector:
                for fd in (self._requests, self._stdout, self._wake_fd, self._console_fd):
                    if fd is not None:
                        selector.register(fd, selectors.EVENT_READ)
                return self._serve(chip, selector, deadline, stop)
        finally:
            self._kill()

    def _serve(self, chip: Chip, selector: selectors.BaseSelector, deadline: float | None,
               stop: Callable[[], bool]) -> Exit | Stopped:
        while not stop():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            ready = {key.fd for key, _ in selector.select(left)}
            if self._stdout in ready and not self._drain():
                selector.unregister(self._stdout)
            if self._wake_fd in ready:
                os.read(self._wake_fd, 64)
            if self._console_fd in ready and not self._type():
                selector.unregister(self._console_fd)
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
            self._on_text(text)
            return bool(text)
        return True

    def _type(self) -> bool:
        typed = os.read(self._console_fd, 4096)
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.write(typed)
        return bool(typed)

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
