"""The board that these tests run on, and how to come back to it after a reset."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from verdicts import Verdicts, run_script

from plugged import Plugged
from tools.serial.port import PortError
from tools.serial.repl import Repl, connect


class Secret(str):
    """A key that pytest does not show when it shows what a test was given."""

    def __repr__(self) -> str:
        return "<not shown>"


@dataclass
class Target:
    """port: URL. plugged: the virtual board behind it, None for a chip. write_spare: may the other slot be erased?

    verdicts: of the scripts that have run, by name.
    """

    port: str
    plugged: Plugged | None
    write_spare: bool
    verdicts: dict[str, Verdicts] = field(default_factory=dict)

    def script(self, repl: Repl, name: str, *before: str, **names: object) -> None:
        """Run scripts/`name`.py as `run_script` does. Fails when a fact does not hold."""
        self.verdicts[name] = run_script(repl, name, *before, **names)
        self.verdicts[name].must_hold()


def is_frozen(about: dict[str, Any]) -> bool:
    """Does the firmware bring the agent, and with it boot.py? about: what device/files.py tells."""
    return bool(about["agent"]) and not about["agent"][0].startswith("/lib")


def has_our_boot(repl: Repl) -> bool:
    """Does boot.py of this project run on the board, from its firmware or as a file?"""
    return is_frozen(repl.call("files", "about")) or b"xyte" in (repl.read("/boot.py") or b"")


@contextlib.contextmanager
def again(target: Target, seconds: float = 30) -> Iterator[Repl]:
    """The board at its prompt, as it is once it answers after a reset: a port on USB is gone meanwhile."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.ExitStack() as stack:
            try:
                repl = stack.enter_context(connect(target.port, fresh=False))
            except PortError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)
                continue
            yield repl
            return
