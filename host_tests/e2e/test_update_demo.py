"""Must show 1: the demo pushes both kinds of update, and the code that runs afterwards says that it is the new one."""

import subprocess
import sys

from tools import ROOT


def test_the_demo_of_updates(tmp_path):
    done = subprocess.run([sys.executable, "-m", "tools", "demo", "--update", "--dir", str(tmp_path / "demo")],
                          cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for kind in ("firmware", "application"):
        assert f"{kind} update".ljust(20) + " done, running 1.1.0; the code that runs says 1.1.0" in done.stdout
