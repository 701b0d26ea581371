"""Runs a script of scripts/ on a board, and what it said: a line PASS, FAIL, SKIP or INFO for each fact."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from tools.serial.repl import BoardError, Repl

SCRIPTS = Path(__file__).parent / "scripts"
_LINE = re.compile(r"(PASS|FAIL|SKIP|INFO) (.+)")
_SILENCE_S = 60  # a scan, an erase, a handshake: nothing here is silent for longer


@dataclass
class Verdicts:
    """What the facts of one script came to: passed has names, the others `name: why`."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take one line of a board's output; others than verdicts are ignored."""
        if match := _LINE.match(line):
            kept = {"PASS": self.passed, "FAIL": self.failed, "SKIP": self.skipped, "INFO": self.told}
            kept[match[1]].append(match[2])

    def lines(self) -> list[str]:
        """All that was said but for what passed."""
        kinds = (("FAIL", self.failed), ("SKIP", self.skipped), ("INFO", self.told))
        return [f"{kind} {line}" for kind, lines in kinds for line in lines]

    def must_hold(self) -> None:
        """Fails with the facts that do not hold, or when nothing was looked at at all."""
        assert not self.failed, "\n".join(self.failed)
        assert self.passed or self.skipped, "the script said nothing"


def _literal(value: object) -> str:
    """As Python reads it. Not repr(): that of a secret does not tell it."""
    return repr(value) if isinstance(value, bool) else json.dumps(value)


def run_script(repl: Repl, name: str, *before: str, **names: object) -> Verdicts:
    """Run scripts/`name`.py with these global names, and other scripts before it. What it raises is a failure more."""
    verdicts = Verdicts()
    for script in ("verdict", *before):
        repl.run((SCRIPTS / f"{script}.py").read_text())
    repl.run("\n".join(f"{key} = {_literal(value)}" for key, value in names.items()))
    try:
        printed = repl.run((SCRIPTS / f"{name}.py").read_text(), _SILENCE_S)
    except BoardError as error:
        printed = f"FAIL {name}.py: {str(error).splitlines()[-1]}"
        verdicts.told.append(str(error))
    for line in printed.splitlines():
        verdicts.hear(line)
    return verdicts
