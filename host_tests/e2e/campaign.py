"""Power cuts at every flash operation: one life for each, from the same start, each judged by itself.

A campaign prepares one board for each worker, copies it for each point, and lets the copy live with the supply
failing in the middle of that operation. What a life is, and what must hold after it, is the caller's.
"""

import itertools
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tools.board.virtual import VirtualBoard

WORKERS = 2
SEEDS = int(os.environ.get("POWERCUT_SEEDS", "1"))  # how many ways of tearing each operation are tried
NOT_REACHED = "not reached"
_FAILURES_TOLD = 5


@dataclass(frozen=True)
class Point:
    """cut: the flash operation that is torn, from 1 on, 0 = none. seed: what it leaves behind."""

    cut: int
    seed: int = 0


Live = Callable[[VirtualBoard, Point], str]


@dataclass
class Tally:
    """outcomes: how many points ended in which way. failures: what did not hold, a text for each point."""

    title: str
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        held = self.outcomes.total()
        ways = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        return f"power cuts, {self.title}: {held} of {held + len(self.failures)} ({ways}) in {self.seconds:.0f} s"

    def demand(self) -> None:
        """Print the count; fail when a point did not hold, or when there were none."""
        print(f"\n{self}")
        assert not self.failures, f"{self}\n\n" + "\n\n".join(self.failures[:_FAILURES_TOLD])
        assert self.outcomes.total() > self.outcomes[NOT_REACHED], f"{self}: no power was cut"


def points(operations: int, *, first: int = 1, every: int = 1, seeds: int = SEEDS) -> list[Point]:
    """Points for a life of so many flash operations. every: 1 = all of them, n = each n-th."""
    return [Point(cut, seed) for seed in range(seeds) for cut in range(first, operations + 1, every)]


class Campaign:
    """prepare: (folder, worker from 0 on) -> the board at the start, and what a life is for copies of it.

    A life gets a copy and its point, and returns in a few words how it ended, or raises AssertionError.
    """

    def __init__(self, title: str, folder: Path, prepare: Callable[[Path, int], tuple[VirtualBoard, Live]],
                 workers: int = WORKERS) -> None:
        self.title = title
        self._folder = folder
        self._number = itertools.count(1)
        self._here = threading.local()
        self._prepare = prepare
        self._free = iter(range(workers))
        self._pool = ThreadPoolExecutor(workers, initializer=self._start_worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def live(self, point: Point) -> str:
        """One point, for looking into it: returns its outcome, raises what did not hold."""
        return self._pool.submit(self._one, point).result()

    def run(self, chosen: Iterable[Point]) -> Tally:
        """All the points, on all workers."""
        tally, began = Tally(self.title), time.monotonic()
        chosen = list(chosen)
        for point, (outcome, failure) in zip(chosen, self._pool.map(self._judge, chosen), strict=True):
            if failure:
                tally.failures.append(f"cut {point.cut}, seed {point.seed}: {failure}")
            else:
                tally.outcomes[outcome] += 1
        tally.seconds = time.monotonic() - began
        return tally

    def _start_worker(self) -> None:
        worker = next(self._free)
        self._here.board, self._here.live = self._prepare(self._folder / f"worker{worker}", worker)

    def _judge(self, point: Point) -> tuple[str, str]:
        try:
            return self._one(point), ""
        except Exception as error:  # noqa: BLE001 - whatever went wrong belongs to this point, and the others go on
            return "", f"{type(error).__name__}: {error}"

    def _one(self, point: Point) -> str:
        folder = self._folder / f"point{next(self._number)}"
        board = self._here.board.copy(folder)
        board.settings.seed = point.seed
        try:
            return self._here.live(board, point)
        finally:
            shutil.rmtree(folder)
