"""The production line: all connected boards at the same time, a line for each step, a verdict for each board."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from serial.tools import list_ports

from tools import ending
from tools.provision.matching import FinishedBefore
from tools.provision.problem import ProvisionError, told

ALL = "all"
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Verdict:
    """How it went with the board on `port`. made: worked on in this run."""

    port: str
    ok: bool
    made: bool
    text: str


def ports(wanted: Sequence[str]) -> list[str]:
    """Names and URLs, each once; `all` stands for every USB serial port. Raises ProvisionError when there is none."""
    found: list[str] = []
    for text in (part for word in wanted for part in word.split(",") if part):
        found += [port.device for port in list_ports.comports() if port.vid is not None] if text == ALL else [text]
    if not found:
        raise ProvisionError("no USB serial port here: is the board connected, and the driver of its USB chip there?")
    return list(dict.fromkeys(found))


def ended_once() -> contextlib.AbstractContextManager[None]:
    """SIGTERM and SIGHUP are what Ctrl-C is, and nothing breaks into the end of a run. What nohup ignores stays so."""
    return ending.ended_once(number for number in _ENDS if signal.getsignal(number) != signal.SIG_IGN)


def run(where: Sequence[str], work: Callable[[str, Callable[[str], None]], str]) -> list[Verdict]:
    """Do `work(port, say)`, which returns what the board became, on all ports at once. Prints as it goes.

    Returns the verdicts in the order of `where`; within `ended_once`, Ctrl-C lets the boards at work finish.
    """
    started, lock = time.monotonic(), threading.Lock()
    width = max(map(len, where))

    def tell(port: str, text: str) -> None:
        with lock, contextlib.suppress(OSError, UnicodeError):  # nobody can read it; the boards are finished
            print(f"{time.monotonic() - started:6.1f} s  {port:<{width}}  {text}", flush=True)

    def one(port: str) -> Verdict:
        verdict = _verdict(port, lambda: work(port, lambda text: tell(port, text)))
        tell(port, verdict.text)
        return verdict

    with ThreadPoolExecutor(len(where)) as pool:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # the pool would lose sight of a thread
            futures = [pool.submit(one, port) for port in where]
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            with lock, contextlib.suppress(OSError):
                print("finishing the boards at work, whatever else is pressed", flush=True)
            raise


def summary(verdicts: Sequence[Verdict]) -> str:
    """One line for all, then one for each board that needs a person."""
    made = sum(verdict.made for verdict in verdicts)
    before = sum(verdict.ok and not verdict.made for verdict in verdicts)
    wrong = [verdict for verdict in verdicts if not verdict.ok]
    first = f"{made} done, {before} finished before, {len(wrong)} not done"
    return "\n".join([first, *(f"  {verdict.port}: {verdict.text}" for verdict in wrong)])


def _verdict(port: str, do: Callable[[], str]) -> Verdict:
    try:
        return Verdict(port, True, True, f"done: {do()}")
    except FinishedBefore as before:
        return Verdict(port, True, False, f"finished before: {before}")
    except Exception as error:  # noqa: BLE001 - a surprise with one board is no reason to drop the others
        return Verdict(port, False, False, f"NOT DONE: {told(error)}")
