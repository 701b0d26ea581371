"""`state.json`: what the board went through, over all its runs."""

from __future__ import annotations

import json
from pathlib import Path

from tools.board.flash import Flash
from tools.board.power import Boot

_FILE = "state.json"
_KEPT_CAUSES = 20


def load(folder: Path) -> dict:
    """Keys: boots, causes (names, newest last), programs, erases (sector -> count)."""
    try:
        return json.loads((folder / _FILE).read_text())
    except (FileNotFoundError, ValueError):
        return {"boots": 0, "causes": [], "programs": 0, "erases": {}}


def record(folder: Path, flash: Flash, boots: list[Boot]) -> None:
    """Add one run."""
    state = load(folder)
    state["boots"] += len(boots)
    state["causes"] = (state["causes"] + [boot.cause for boot in boots])[-_KEPT_CAUSES:]
    state["programs"] += flash.programs
    for sector, count in flash.erases.items():
        state["erases"][str(sector)] = state["erases"].get(str(sector), 0) + count
    (folder / _FILE).write_text(json.dumps(state) + "\n")
