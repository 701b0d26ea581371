"""Where the CPython tests find the device code and its stand-ins; no other file knows of it."""

import gc
import signal
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "lib"), str(HERE), str(HERE / "shims")]

# The agent imports the code of a phase anew each time; that must not compile it each time, whatever is set outside.
sys.dont_write_bytecode = False
sys.pycache_prefix = str(HERE.parent / ".cache" / "tests" / "bytecode")

# In the background of a shell Ctrl-C is ignored, also by what is started here, and some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Under nohup the same goes for a hang-up: still none of these tests' business, but what they start hears it.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda number, frame: None)

# After a phase it collects garbage, all of it; here that would look through what pytest and hypothesis keep, too.
collect = gc.collect
gc.collect = lambda generation=0: collect(generation)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Of host_tests/board; said here, for pytest reads no deeper conftest in time."""
    group = parser.getgroup("a real board", "without --port those tests run on virtual boards")
    group.addoption("--port", default="", metavar="URL", help="serial port of a board: what pyserial opens")
    group.addoption("--cloud", default="", metavar="HOST", help="this machine's name or address, as the board finds it")
    group.addoption("--wifi", default="", metavar="SSID",
                    help="network for a board that knows none; its key is taken from XYTE_WIFI_KEY in the environment")
    group.addoption("--image", default="", metavar="FILE", help="application image for that board, to update it with")
    group.addoption("--write-spare", action="store_true", help="allow to erase the slot that does not run")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Each worker removes what its tests have left."""
    import places  # found by what is said above

    places.remove_all()
