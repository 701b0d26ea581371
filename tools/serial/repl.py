"""A board at its raw REPL: runs code there, moves files. The protocol is mpremote's."""

from __future__ import annotations

import base64
import contextlib
import struct
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from tools.serial import script
from tools.serial.port import BAUD, PortError, open_port

_ATTEMPTS = 3
_ATTEMPT_S = 4  # the agent may be in a handshake step or a signature when Ctrl-C comes
_PRESSES, _PRESS_S = 40, 0.05
_HINTS = {
    b"invalid header: 0xffffffff": "There is no firmware on it: `tools flash` puts MicroPython there",
    b"waiting for download": "The chip waits to be flashed: `tools flash`, or press EN to start what is on it",
    b"\nrst:0x": "It keeps resetting: try again, Ctrl-C must meet a running program; or `tools flash`",
    b">>> ": "That prompt has no raw mode, or bytes get lost: is this the board's port, and the cable good?",
}
_RAW_MODE = b"raw REPL; CTRL-B to exit\r\n"
_SAFE_MODE = b"boot: safe mode: "
_PROMPT, _RESETS = b">>> ", b"soft reboot\r\n"
_CHUNK = 720  # bytes of a file in one piece of code; the board holds it three times over
_READ_S = 2
_RESET_S = 5
_QUIET_S = 0.25
_COMMAND_S = 300  # a board that goes on printing is not silent, and still does not answer
_STARTS = b"\nrst:0x", b"ESP-ROM:"  # how the chip's ROM begins
_WATCHDOG = "import machine\nmachine.WDT(timeout={})\n"
_BUSY_MS, _PATIENT_MS = 600_000, 86_400_000
_RESET = "import machine, time\ntime.sleep_ms(100)\nmachine.reset()"  # a chip's own USB has to send the acknowledgement
_RESTARTS = b"\r\x03\r\x02\x04"  # Ctrl-C, then to the friendly prompt from wherever it is, then a soft reset
_BAD_CABLE = "If it is not always that, bytes get lost on the way: try again, with another cable."
_LOST = (TransportError, OSError, struct.error)  # the last: mpremote unpacks what a time-out cut short


class BoardError(Exception):
    """The board did not do what it was told; the text is its own exception or ours."""


def told(error: Exception) -> str:
    """For a person: of a board's own exception the line that says most, and what may help."""
    text = str(error)
    return f"the board says: {text.splitlines()[-1]}. {_BAD_CABLE}" if text.startswith("Traceback") else text


class _Restarted(TransportError):
    """The board has reset itself in the middle of a command."""


class _Endless(TransportError):
    """A command was not over when it should have been."""


class _Transport(SerialTransport):
    """mpremote's, but it waits for bytes and does not look for them every 10 ms: a deployment takes a third.

    command_ends: by this time.monotonic() the command that runs must be over; None while there is none.
    """

    command_ends: float | None = None

    def eval(self, expression: str, parse: bool = True) -> Any:
        """As mpremote's, which parses beside other threads."""
        said = super().eval(f"repr({expression})" if parse else expression, parse=False)
        return script.value(said.decode()) if parse else said

    def read_until(self, min_num_bytes: int, ending: bytes | tuple[bytes, ...], timeout: float | None = 10,
                   data_consumer: Callable[[bytes], None] | None = None,
                   timeout_overall: float | None = None) -> bytes:
        """As mpremote's: bytes up to `ending`, or one of them, or what came until a time was up."""
        data, begun = b"", time.monotonic()
        heard = begun
        while not data.endswith(ending):
            byte = self.serial.read(1)  # waits _READ_S
            now = time.monotonic()
            if byte:
                heard = now
                data = byte if data_consumer else data + byte
                if data_consumer:
                    data_consumer(byte)
                if self.command_ends is not None and data.endswith(_STARTS):
                    raise _Restarted("the board has reset itself")
            elif timeout is not None and now - heard >= timeout:
                break
            if timeout_overall is not None and now - begun >= timeout_overall:
                break
            if self.command_ends is not None and now >= self.command_ends:
                raise _Endless("no end to what it prints")
        return data

    @contextlib.contextmanager
    def command(self, longest_s: float | None) -> Iterator[None]:
        """Within this a reset of the board is noticed, and an end that does not come."""
        self.command_ends = time.monotonic() + (float("inf") if longest_s is None else longest_s)
        try:
            yield
        finally:
            self.command_ends = None


class Repl:
    """A board whose program has been stopped. Made by `connect`.

    reset_cause: of the start before that, as `machine.reset_cause()`; used: bytes of the heap that the program held.
    None when the board could not tell.
    """

    reset_cause: int | None = None
    used: int | None = None

    def __init__(self, transport: _Transport, port: str):
        self._transport = transport
        self._port = port
        self._lost = self._restarted = False  # whether a prompt is there is not known; the board has reset itself

    def run(self, code: str, timeout_s: float | None = 30, longest_s: float | None = _COMMAND_S) -> str:
        """Run `code`; returns what it printed. timeout_s: without any output; longest_s: in all.

        Raises BoardError, PortError.
        """
        try:
            with self._transport.command(longest_s):
                out, error = self._transport.exec_raw(code, timeout=timeout_s)
        except _Endless as failure:
            _stop_program(self._transport, self._port, lambda text: None)
            raise BoardError(f"not done after {longest_s} s") from failure
        except _LOST as failure:
            self._lost, self._restarted = True, isinstance(failure, _Restarted)
            raise _lost(self._port, failure) from failure
        except KeyboardInterrupt:  # the board is still at it, and would take no restart
            _stop_program(self._transport, self._port, lambda text: None)
            raise
        if error:
            raise BoardError(error.decode(errors="replace").replace("\r\n", "\n").strip())
        return out.decode(errors="replace").replace("\r\n", "\n")

    def call(self, name: str, function: str, *arguments: object, timeout_s: float | None = 30,
             keys: Collection[str] | None = None) -> Any:
        """What a function of device/`name`.py returns, a Python literal. keys: a dictionary with these, no others.

        Raises BoardError, PortError.
        """
        printed = self.run(_WATCHDOG.format(_BUSY_MS) + script.portion(name, function, arguments), timeout_s)
        try:
            answer = script.value(printed.rstrip("\n").rpartition("\n")[2])
            if keys is not None and set(answer) != set(keys):
                raise ValueError
            return answer
        except (SyntaxError, TypeError, ValueError) as error:
            text = f"{name}.{function} answered {printed.strip()!r}, which makes no sense. {_BAD_CABLE}"
            raise BoardError(text) from error

    def calm(self) -> tuple[int | None, int | None]:
        """Put the watchdog off. Returns reset cause and bytes in use. Raises PortError, also when this is no ESP32."""
        try:
            cause, used = map(int, self.run(script.text("calm")).split()[-2:])
            return cause, used
        except (BoardError, ValueError) as error:  # no memory for that, or the program's last words
            if "no module named 'esp32'" in str(error):
                text = f"this is no ESP32 with MicroPython ({str(error).splitlines()[-1]}). Is it the board's port?"
                raise PortError(f"{self._port}: {text}") from error
            return None, None

    def patient(self) -> None:
        """Until the next call the watchdog waits a day: it is a person's turn. Raises BoardError, PortError."""
        self.run(_WATCHDOG.format(_PATIENT_MS))

    def write(self, path: str, data: bytes) -> None:
        """Write a file; its folder must be there. Raises BoardError, PortError."""
        begin = f"{_WATCHDOG.format(_BUSY_MS)}from binascii import a2b_base64 as _a\n_f=open({path!r},'wb')\n"
        for at in range(0, len(data) or 1, _CHUNK):
            end = "\n_f.close()" if at + _CHUNK >= len(data) else ""
            self.run(f"{begin}_f.write(_a({base64.b64encode(data[at : at + _CHUNK])!r})){end}")
            begin = ""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None when it is not there. Raises BoardError, PortError."""
        try:
            with self._transport.command(_COMMAND_S):
                return bytes(self._transport.fs_readfile(path))
        except FileNotFoundError:
            return None
        except TransportExecError as error:
            raise BoardError(error.error_output.strip()) from error
        except _LOST as error:
            raise _lost(self._port, error) from error

    def restart(self) -> None:
        """Start the board anew; the port stays open for who listens then. Raises BoardError, PortError.

        It does not count as a failed start. It is a reset, or, while firmware is on trial, a soft one: the bootloader
        would take that back. One that has just started by itself is left alone.
        """
        if self._restarted:
            return
        if self._lost:
            _stop_program(self._transport, self._port, lambda text: None)
        if not self.call("restart", "prepare"):
            self.start(_RESET)
            return
        try:
            self._transport.exit_raw_repl()
            self._transport.read_until(1, _PROMPT, timeout=_READ_S, timeout_overall=_RESET_S)
            self._transport.serial.write(b"\x04")
            # A port that is closed at once may take the key with it, when it leads over a network.
            self._transport.read_until(1, _RESETS, timeout=_READ_S, timeout_overall=_RESET_S)
        except OSError as error:
            raise _lost(self._port, error) from error

    def start(self, code: str) -> None:
        """Run `code` and do not wait for its end, for it has none or resets the board. Raises PortError."""
        try:
            self._transport.exec_raw_no_follow(code)
        except _LOST as error:
            raise _lost(self._port, error) from error

    @property
    def serial(self) -> serial.SerialBase:
        """The open port, for who listens after `restart`."""
        return self._transport.serial


@contextlib.contextmanager
def connect(port: str, say: Callable[[str], None] = lambda text: None, fresh: bool = True) -> Iterator[Repl]:
    """Stop the board's program and talk to it; the port is closed at the end, and nothing restarted.

    A soft reset makes room: the program's objects go, and the names that it has filled the interpreter's table with,
    which otherwise grows in one large piece. boot.py runs in that, main.py does not. The watchdog waits ten minutes
    from each call on: the program of a board whose host was killed comes back. say: gets what takes a while. fresh:
    False leaves the soft reset out. Raises PortError, and has the board start anew then.
    """
    transport = _transport(port)
    try:
        try:
            repl = _stopped(transport, port, say, fresh)
        except BaseException as error:
            _let_go(transport, port, at_prompt=not isinstance(error, PortError))
            raise
        yield repl
    finally:
        with contextlib.suppress(OSError):
            transport.close()


def _stopped(transport: _Transport, port: str, say: Callable[[str], None], fresh: bool) -> Repl:
    _stop_program(transport, port, say)
    repl = Repl(transport, port)
    found = repl.calm()
    if fresh:
        _soft_reset(transport, port)
        repl.calm()
    repl.reset_cause, repl.used = found
    return repl


def _let_go(transport: _Transport, port: str, at_prompt: bool) -> None:
    """Start a board anew that may have been stopped, as well as that goes. at_prompt: it can be led there."""
    with contextlib.suppress(PortError, BoardError, OSError):
        if at_prompt:
            _stop_program(transport, port, lambda text: None)
            Repl(transport, port).restart()
        else:
            transport.serial.write(_RESTARTS)
            transport.serial.flush()


def _transport(port: str) -> _Transport:
    try:
        return _Transport(port, BAUD, timeout=_READ_S)
    except (TransportError, OSError, ValueError) as error:
        open_port(port).close()  # says why; the transport keeps that to itself
        raise PortError(f"{port} cannot be opened: {error}") from error


def _stop_program(transport: SerialTransport, port: str, say: Callable[[str], None]) -> None:
    heard = b""
    try:
        for attempt in range(_ATTEMPTS):
            heard += (answer := _ask_for_raw_mode(transport))
            if answer.endswith(_RAW_MODE) and _is_settled(transport):
                transport.in_raw_repl = True
                return
            say(f"{port}: no answer yet, Ctrl-C again ({attempt + 1} of {_ATTEMPTS})")
            for _ in range(_PRESSES):  # a board in a crash loop hears it only while its program runs
                transport.serial.write(b"\x03")
                time.sleep(_PRESS_S)
    except OSError as error:
        raise _lost(port, error) from error
    raise PortError(_no_prompt(port, heard))


def _soft_reset(transport: SerialTransport, port: str) -> None:
    """From raw mode to raw mode."""
    key = b"\x04"
    try:
        for _ in range(_ATTEMPTS):
            transport.serial.write(key)
            if _comes_back(transport):
                return
            key = b"\x03"  # a boot.py that does not end: ours, in safe mode
    except OSError as error:
        raise _lost(port, error) from error
    raise PortError(f"{port}: the board does not come back from a soft reset")


def _comes_back(transport: SerialTransport) -> bool:
    """Does raw mode come by itself? Not from safe mode, which says so; after its first line it can be stopped."""
    heard = _heard_until(transport, _RAW_MODE, _SAFE_MODE)
    if heard.endswith(_SAFE_MODE):
        for _ in range(2):  # what is left of boot.py's line, and a line of the agent
            heard = _heard_until(transport, _RAW_MODE, b"\n")
    return heard.endswith(_RAW_MODE)


def _heard_until(transport: SerialTransport, *endings: bytes) -> bytes:
    return transport.read_until(1, endings, timeout=_RESET_S, timeout_overall=_RESET_S)


def _ask_for_raw_mode(transport: SerialTransport) -> bytes:
    """Ctrl-C, then Ctrl-A; what the board says to that. mpremote's own function prints it, no use in threads."""
    transport.serial.write(b"\r\x03")
    time.sleep(_PRESS_S)
    transport.serial.read(transport.serial.in_waiting)
    transport.serial.write(b"\r\x01")
    return transport.read_until(1, _RAW_MODE, timeout=_ATTEMPT_S, timeout_overall=_ATTEMPT_S)


def _is_settled(transport: SerialTransport) -> bool:
    """One more Ctrl-A, and one banner comes: the keys of attempts that a deaf program did not hear are used up."""
    _until_quiet(transport)
    transport.serial.write(b"\x01")
    answer = transport.read_until(1, _RAW_MODE, timeout=_READ_S, timeout_overall=_ATTEMPT_S)  # a network takes its time
    if (answer + _until_quiet(transport)).count(_RAW_MODE) != 1:
        return False
    transport.serial.write(b"\x01")  # mpremote waits for the prompt that comes of it
    return True


def _until_quiet(transport: SerialTransport) -> bytes:
    heard, last = b"", time.monotonic()
    end = last + _ATTEMPT_S
    while (now := time.monotonic()) < min(last + _QUIET_S, end):
        if waiting := transport.serial.in_waiting:
            heard += transport.serial.read(waiting)
            last = now
        else:
            time.sleep(0.01)
    return heard


def _no_prompt(port: str, heard: bytes) -> str:
    text = heard.decode(errors="replace").strip()
    if not heard:
        return (f"{port}: no answer. Is this the board's port, is the board powered, and is MicroPython on it? "
                "(`tools flash` puts it there; a board in a crash loop: try again, Ctrl-C must meet a running program)")
    return f"{port}: no MicroPython prompt. What came instead: {text[-160:]!r}. {_hint(heard, text)}"


def _hint(heard: bytes, text: str) -> str:
    if not heard.strip(b"\r\n\x01\x02\x03\x04"):
        return "That is what was sent, and comes back: is this the board's port, and a board connected to it?"
    if text.count("\ufffd") > len(text) // 10:
        return f"That is no text: is this the board's port, and does its program keep to {BAUD} baud?"
    return next((hint for sign, hint in _HINTS.items() if sign in heard),
                "Is this the board's port? If its program lets nobody in, try again; the last resort is "
                "`tools flash --erase`, which takes its identity, too")


def _lost(port: str, error: Exception) -> PortError:
    return PortError(f"{port}: the connection was lost ({error}). See to cable and power, and do it again")
