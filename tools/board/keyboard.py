"""What is typed at a board's console on its way to the interpreter: Ctrl-C to the program, all else to its stdin.

On the chip the interrupt handler of the UART looks at each byte: Ctrl-C becomes a KeyboardInterrupt while a program
runs, and is a byte like any other while the prompt waits or after `micropython.kbd_intr(-1)`. The unix port does the
same with SIGINT: it catches it in the first case only. So the interpreter is stopped for a moment and asked whether it
catches SIGINT. Then it is offered a KeyboardInterrupt, which the shim raises at the end of a request to the supervisor
(that must stay whole), or where the time is asked for or slept; only a program that does none of this gets SIGINT.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from tools.board.control import Control

_CTRL_C = 3
_ENDED = "ZX"
_STOPPED = "T" + _ENDED
_APART_S = 0.05  # a second SIGINT before the first was seen ends the unix port
_LOOK_S = 0.005
_TAKEN_S = 0.1  # a program that asks for the time or sleeps takes Ctrl-C within this; any other one gets SIGINT


class Keyboard:
    """The keyboard of the interpreter with this pid. stdin: what it reads; control: where it says it is busy."""

    def __init__(self, pid: int, stdin: int, control: Control):
        self._pid = pid
        self._stdin = stdin
        self._control = control
        self._waiting = bytearray()
        self._interrupted_at = 0.0
        self._offered_at: float | None = None
        os.set_blocking(stdin, False)

    def type(self, data: bytes) -> None:
        """Take in what was typed; `pump` hands it on. From any thread."""
        self._waiting += data

    def pump(self) -> float | None:
        """Hand on what can be handed on now. Returns seconds after which to try again, None when nothing waits."""
        while self._waiting:
            if self._waiting[0] != _CTRL_C:
                text = self._waiting.partition(b"\x03")[0]
                self._write(bytes(text))
                del self._waiting[: len(text)]
            elif again := self._press_ctrl_c():
                return again
        return None

    def off(self) -> bool:
        """Has a program turned Ctrl-C off? It then talks to another program, in bytes and not in text."""
        if not self._control.in_program:
            return False
        state, catches = self._status()
        return state not in _ENDED and not catches and self._control.in_program  # it may just have ended

    def _press_ctrl_c(self) -> float:
        """Do with the Ctrl-C that waits what the chip would. Returns seconds to wait before that, 0 when done."""
        os.kill(self._pid, signal.SIGSTOP)  # it is ours until `Process` has waited for it, so never another's pid
        try:
            while (status := self._status())[0] not in _STOPPED:
                time.sleep(0)
            offered, self._control.interrupt_offered = self._control.interrupt_offered, False
            if status[1] or self._offered_at is not None and not offered:
                if wait := self._interrupt(time.monotonic(), offered):
                    return wait
                while self._waiting[:1] == b"\x03":
                    del self._waiting[:1]
            else:
                self._offered_at = None
                self._write(b"\x03")
                del self._waiting[:1]
        finally:
            os.kill(self._pid, signal.SIGCONT)
        return 0

    def _interrupt(self, now: float, offered: bool) -> float:
        """First as an offer, which the shim takes at a point where a chip would: SIGINT also strikes amid a garbage
        collection, and leaves the heap locked. offered: it was, and has not been taken. Returns seconds to wait, 0 when
        done.
        """
        if self._offered_at is None:
            if now - self._interrupted_at < _APART_S:
                return _APART_S - (now - self._interrupted_at)
            self._offered_at, offered = now, True
        if offered:
            if self._control.busy or now - self._offered_at < _TAKEN_S:
                self._control.interrupt_offered = True
                return _LOOK_S
            os.kill(self._pid, signal.SIGINT)
        self._offered_at, self._interrupted_at = None, now
        return 0

    def _status(self) -> tuple[str, bool]:
        """The state of the interpreter, a letter of `ps`, and whether it catches SIGINT."""
        try:
            lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        except FileNotFoundError:
            return "X", False
        fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        return fields["State"][0], bool(int(fields.get("SigCgt", "0"), 16) >> (signal.SIGINT - 1) & 1)

    def _write(self, data: bytes) -> None:
        """Into the receive buffer; what does not fit is lost, as on the chip."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._stdin, data)
