"""How a command fails: one line on stderr that says why, and an exit status."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable

Run = Callable[[argparse.Namespace], int]


def told(command: str, *kinds: type[Exception], status: int = 1, text: Callable[[Exception], str] = str
         ) -> Callable[[Run], Run]:
    """Decorator for the `run` of a command, which returns `status` when these exceptions end it.

    text: what is said of one. BrokenPipeError is an OSError and passes all the same: `tools.__main__` waits for it.
    """
    def around(run: Run) -> Run:
        @functools.wraps(run)
        def guarded(args: argparse.Namespace) -> int:
            try:
                return run(args)
            except BrokenPipeError:
                raise
            except kinds as error:
                print(f"{command}: {text(error)}", file=sys.stderr)
                return status
        return guarded
    return around
