"""A command ends once: other signals are what Ctrl-C is, and none breaks into what comes of the first."""

from __future__ import annotations

import contextlib
import signal
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
