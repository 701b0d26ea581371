"""A command ends once: other signals are what Ctrl-C is, and none breaks into what comes of the first."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterable, Iterator


@contextlib.contextmanager
def ended_once(numbers: Iterable[int]) -> Iterator[None]:
    """The first of these signals raises KeyboardInterrupt; from then on, to the end of the block, all are ignored.

    For the main thread, unless there are none.
    """
    before = {number: signal.getsignal(number) for number in numbers}

    def end(*_: object) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    try:
        for number in before:
            signal.signal(number, end)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ended_by_signals() -> contextlib.AbstractContextManager[None]:
    """SIGTERM and SIGHUP are what Ctrl-C is, once; where nobody else has a say.

    Not in threads, which get no signals, nor where there are other handlers, or nohup.
    """
    if threading.current_thread() is not threading.main_thread():
        return contextlib.nullcontext()
    numbers = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))  # Windows: one
    return ended_once(number for number in numbers if number and signal.getsignal(number) == signal.SIG_DFL)
