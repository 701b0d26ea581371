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

from tools.provision.matching import FinishedBefore
from tools.provision.problem import ProvisionError

ALL = "all"


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


def run(where: Sequence[str], work: Callable[[str, Callable[[str], None]], str]) -> list[Verdict]:
    """Do `work(port, say)`, which returns what the board became, on all ports at once. Prints as it goes.

    Returns the verdicts in the order of `where`.
    """
    started, lock = time.monotonic(), threading.Lock()
    width = max(map(len, where))

    def tell(port: str, text: str) -> None:
        with lock, contextlib.suppress(BrokenPipeError):  # nobody reads it; the boards are finished all the same
            print(f"{time.monotonic() - started:6.1f} s  {port:<{width}}  {text}", flush=True)

    def one(port: str) -> Verdict:
        verdict = _verdict(port, lambda: work(port, lambda text: tell(port, text)))
        tell(port, verdict.text)
        return verdict

    with ThreadPoolExecutor(len(where)) as pool:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # the pool would lose sight of a thread
            futures = [pool.submit(one, port) for port in where]
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            with lock, contextlib.suppress(BrokenPipeError):
                print("the boards under way are finished first", flush=True)
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
    except (ProvisionError, OSError) as error:  # OSError: the log or a label could not be written
        return Verdict(port, False, False, f"NOT DONE: {error}")
