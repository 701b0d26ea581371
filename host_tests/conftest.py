"""Where the CPython tests find the device code and its stand-ins; no other file knows of it."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "lib"), str(HERE), str(HERE / "shims")]
