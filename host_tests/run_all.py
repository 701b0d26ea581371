"""The whole suite: portable tests under each MicroPython, then everything under CPython with pytest.

`make test` runs this. Every part runs even when an earlier one failed; the counts of all are printed last.
The exit status is 0 only when each part ran at least one test and none failed. A missing interpreter is a
failure. NO_I386=1 in the environment leaves the 32-bit part out, and the counts say so. Words behind the command go
to pytest: `python -m host_tests.run_all -n 0` runs its tests one after the other.
"""

import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

from tools import ROOT, interpreter

HEAP = "512wK"  # room for the tests themselves; what fits a board is measured on the virtual board
# Most tests wait for a board whose minutes take seconds, so there is room for more of them than there are cores.
WORKERS = min(8, 2 * (os.cpu_count() or 1))
REPORT = ROOT / ".cache" / "tests" / "pytest.xml"


def main() -> int:
    """Run every part, print the counts, return the exit status."""
    parts = [
        ("MicroPython, this machine", lambda: portable("native")),
        ("MicroPython, 32-bit i386", lambda: portable("i386")),
        (f"CPython {platform.python_version()}", cpython),
    ]
    rows = []
    for title, part in parts:
        print(f"\n== {title} ==", flush=True)
        started = time.monotonic()
        ok, counts = part()
        rows.append((ok, f"{title:<26} {counts}  ({time.monotonic() - started:.1f} s)"))
    print("\n== all ==")
    for ok, row in rows:
        print("ok    " if ok else "FAILED", row)
    return 0 if all(ok for ok, _ in rows) else 1


def portable(arch: str) -> tuple[bool, str]:
    """Run host_tests/portable under one MicroPython; (whether all is well, its counts)."""
    if arch == "i386" and os.environ.get("NO_I386"):
        return True, "left out, NO_I386 is set"
    try:
        command = interpreter.find(arch)
    except interpreter.MissingInterpreter as error:
        return False, f"no interpreter: {error}"
    script = Path("host_tests", "run_portable.py")
    done = subprocess.run([*command, "-X", f"heapsize={HEAP}", str(script)],
                          check=False, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = done.stdout.decode(errors="replace")
    print(output, end="")
    counts = re.search(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    if counts is None:
        return False, f"ended early with status {done.returncode}"
    return done.returncode == 0, counts[0]


def cpython() -> tuple[bool, str]:
    """Run pytest over host_tests, on several workers; (whether all is well, its counts)."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    options = ["-n", str(WORKERS), "--dist", "worksteal", f"--junit-xml={REPORT}"]
    status = subprocess.run([sys.executable, "-m", "pytest", *options, *sys.argv[1:]],
                            check=False, cwd=ROOT).returncode
    if not REPORT.exists():
        return False, f"pytest ended with status {status}"
    suites = ElementTree.parse(REPORT).getroot().findall("testsuite")
    ran, failed, errors, skipped = (sum(int(suite.get(name, 0)) for suite in suites)
                                    for name in ("tests", "failures", "errors", "skipped"))
    passed = ran - failed - errors - skipped
    return status == 0 and passed > 0, f"{passed} passed, {failed + errors} failed, {skipped} skipped"


if __name__ == "__main__":
    sys.exit(main())
