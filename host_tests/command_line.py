"""`python -m tools` as a program of its own, the way its user has it."""

import subprocess
import sys

from tools import ROOT


def tools(*words: object, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command to its end. typed: what is there to read for it."""
    return subprocess.run([sys.executable, "-m", "tools", *map(str, words)], cwd=ROOT, capture_output=True, text=True,
                          timeout=120, check=False, input=typed)
