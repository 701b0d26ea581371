"""All that the bench measures, as plain data. Memory on i386, whose words and heap blocks are those of a chip."""

import itertools
import statistics
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tests.bench import throughput, wire_cost
from host_tests.bench.bench_lab import REPORTERS, BenchFailed, Lab
from host_tests.bench.throughput import UpdateSpeed, Way
from host_tests.bench.wire_cost import WireCost
from tools import build

SCHEMES = {"http": False, "https": True}
_WAYS = {
    "http": Way(tls=False),
    "http, gzip": Way(tls=False, packed=True),
    "https": Way(tls=True),
    "https, gzip": Way(tls=True, packed=True),
    f"https, flash of {throughput.CHIP_MS} ms for 4 KiB": Way(tls=True, block_ms=throughput.CHIP_MS),
    f"https, gzip, flash of {throughput.CHIP_MS} ms for 4 KiB": Way(
        tls=True, packed=True, block_ms=throughput.CHIP_MS),
}
HEAPS_WK = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128)


@dataclass(frozen=True)
class Effort:
    """How much of each: the bench in full, or just enough to see that it still runs."""

    cycles: int
    speed_ms: int
    rounds: int
    update_kib: int
    soak: int
    heaps_wk: tuple[int, ...]

    @property
    def title(self) -> str:
        return f"{self.rounds} alternating rounds of {self.speed_ms} ms, medians"


FULL = Effort(cycles=100, speed_ms=1500, rounds=5, update_kib=600, soak=100_000, heaps_wk=HEAPS_WK)
SHORT = Effort(cycles=10, speed_ms=100, rounds=1, update_kib=100, soak=200, heaps_wk=(128, 256))


@dataclass
class Reporter:
    """One column of the table. Keys are "http", "https"; of per_second also "https, TLS 1.2". What failed is not there.
    """

    memory: dict[str, dict[str, Any]] = field(default_factory=dict)
    per_second: dict[str, float] = field(default_factory=dict)
    wire: dict[str, WireCost] = field(default_factory=dict)
    first_ms: float | None = None
    smallest_wk: int | None = None


@dataclass
class Agent:
    """What only the agent has. sizes: module -> bytes. imports: "py" or "mpy" -> (ms, bytes of heap)."""

    sizes: dict[str, int] = field(default_factory=dict)
    imports: dict[str, tuple[float, int]] = field(default_factory=dict)
    rsa_ms: dict[str, float] = field(default_factory=dict)
    updates: dict[str, UpdateSpeed] = field(default_factory=dict)
    soak: dict[str, Any] = field(default_factory=dict)


def of_reporters(lab: Lab, effort: Effort, say: Callable[[str], None]) -> dict[str, Reporter]:
    """Memory, wire and start over TLS 1.3; speed over both schemes."""
    found = {name: Reporter() for name in REPORTERS}
    for scheme, tls in SCHEMES.items():
        for name, one in found.items():
            say(f"memory and wire: {name}, {scheme}")
            with unless_it_fails(name):
                one.memory[scheme] = lab.run(name, "memory", effort.cycles // 10 or 1, tls=tls, arch=lab.small)
            with unless_it_fails(name):
                one.wire[scheme] = wire_cost.of(name, lab, tls=tls)
    for name, one in found.items():
        say(f"start and smallest heap: {name}")
        with unless_it_fails(name):
            starts = [lab.run(name, "count", 0, tls=True)["first_ms"] for _ in range(effort.rounds)]
            one.first_ms = statistics.median(starts)
        one.smallest_wk = smallest_heap(lab, name, effort)
    for scheme, tls in SCHEMES.items():
        add_speed(lab, found, scheme, tls, effort, say)
    return found


def add_speed(lab: Lab, found: dict[str, Reporter], scheme: str, tls: bool, effort: Effort,
              say: Callable[[str], None]) -> None:
    """Reports a second, all reporters in turn."""
    say(f"speed: {scheme}")
    rounds = {name: [] for name in found}
    for _, (name, speeds) in itertools.product(range(effort.rounds), rounds.items()):
        with unless_it_fails(name):
            speeds.append(lab.run(name, "speed", effort.speed_ms, tls=tls)["per_second"])
    for name, speeds in rounds.items():
        if speeds:
            found[name].per_second[scheme] = statistics.median(speeds)


def unless_it_fails(name: str) -> AbstractContextManager[None]:
    """Other people's clients may fail, and the table then says so; the agent may not."""
    return nullcontext() if name == "agent" else suppress(BenchFailed)


def smallest_heap(lab: Lab, name: str, effort: Effort) -> int | None:
    """KiB (of 4-byte words) with which reports over https go well, from import to the last. None: not with the most."""
    heaps = effort.heaps_wk
    low, high = 0, len(heaps) - 1
    while low < high:
        middle = (low + high) // 2
        try:
            lab.run(name, "count", effort.cycles // 5, tls=True, arch=lab.small, heap=f"{heaps[middle]}wK")
            high = middle
        except BenchFailed:
            low = middle + 1
    return heaps[low] if low < len(heaps) - 1 else None


def of_agent(lab: Lab, effort: Effort, say: Callable[[str], None]) -> Agent:
    found = Agent()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        found.sizes = build.agent_sizes()
        say("import times, RSA")
        for form in ("py", "mpy"):
            runs = [lab.script("start_cost.py", "import", "xyte.agent", arch=lab.small, source=form == "py")
                    for _ in range(effort.rounds)]
            found.imports[form] = statistics.median(run["ms"] for run in runs), runs[0]["bytes"]
        for arch in dict.fromkeys(("native", lab.small)):
            found.rsa_ms[arch] = lab.script("start_cost.py", "rsa", str(20 * effort.rounds), arch=arch)["ms"]
        for title, way in _WAYS.items():
            say(f"update: {title}")
            kib = effort.update_kib // (4 if way.block_ms else 1)
            found.updates[title] = throughput.of(lab, folder, way, kib, effort.rounds)
    say(f"soak: {effort.soak} cycles over http")
    found.soak = lab.run("agent", "soak", effort.soak, arch=lab.small)
    return found
