"""Where the CPython tests find the device code and its stand-ins; no other file knows of it."""

import gc
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "lib"), str(HERE), str(HERE / "shims")]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Each worker removes what its tests have left."""
    import places  # found by what is said above

    places.remove_all()


def pytest_collection_finish() -> None:
    """The agent collects after each of its phases: spare it what pytest itself has on the heap."""
    gc.freeze()
