"""`python -m host_tests.bench`: measures, prints the report and writes it to host_tests/bench/RESULTS.md.

Ends with 1, and says why, when a speed is below what `limits` promises.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from host_tests.bench import figures, limits, plot, report
from host_tests.bench.bench_lab import HERE, lab
from tools import interpreter


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m host_tests.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="as little of each as shows that it runs")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of RESULTS.md and soak.svg (default: here)")
    words = parser.parse_args()
    text, curve, misses = measure(figures.SHORT if words.short else figures.FULL)
    (words.out / "RESULTS.md").write_text(text)
    (words.out / "soak.svg").write_text(curve)
    print(text)
    for miss in misses:
        print("bench: too slow:", miss, file=sys.stderr)
    return 1 if misses else 0


def measure(effort: figures.Effort) -> tuple[str, str, list[str]]:
    """The report, the soak's curve as SVG, and what is slower than promised."""
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with lab(folder, "1.3") as newer:
            reporters = figures.of_reporters(newer, effort, say)
            agent = figures.of_agent(newer, effort, say)
        with lab(folder, "1.2") as older:
            figures.add_speed(older, reporters, report.OLDER_TLS, True, effort, say)
    said = subprocess.run([*interpreter.find(), "-c", "import sys; print(sys.version)"], check=True,
                          capture_output=True, text=True).stdout
    heap = agent.soak["curve"]
    curve = plot.line(heap, f"Heap in use over {agent.soak['count']:,} telemetries, bytes", unit="B",
                      last_x=agent.soak["count"], top=-(-max(heap) // 20000) * 20000)
    version = said.split("MicroPython ")[-1].split(" on ")[0]
    return report.markdown(reporters, agent, effort, version), curve, limits.misses(reporters, agent)


if __name__ == "__main__":
    sys.exit(main())
