"""Which row a board gets, and which board gets none."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

from tools.provision.audit import DONE, AuditLog
from tools.provision.found import Found
from tools.provision.problem import ProvisionError
from tools.provision.rows import Row


class FinishedBefore(Exception):
    """The log says that this board is done; the text says as what."""


class Matching:
    """Rows of a list, handed out to the boards of a run; from any thread.

    released: serial numbers whose board failed and will not come back. even_registered: give registered boards new
    settings too; their identity stays.
    """

    def __init__(self, rows: Sequence[Row], log: AuditLog, released: Collection[str] = (),
                 even_registered: bool = False):
        self._rows, self._log = rows, log
        self._released, self._even_registered = released, even_registered
        self._here: dict[str, str] = {}  # chips of this run -> port
        self._given: set[str] = set()  # serial numbers handed out in this run
        self._lock = threading.Lock()
        if unknown := set(released) - {row.sn for row in rows}:
            raise ProvisionError(f"--release {', '.join(sorted(unknown))}: not in the list")

    def claim(self, board: Found, port: str) -> Row:
        """The row for this board: of its MAC, else the one it had before, else the next free one.

        Raises FinishedBefore, and ProvisionError for a board that is refused.
        """
        with self._lock:
            self._refuse_known(board, port)
            row = self._own(board.mac) or self._earlier(board) or self._next_free(board.mac)
            self._given.add(row.sn)
            return row

    def _refuse_known(self, board: Found, port: str) -> None:
        if board.mac in self._here:
            raise ProvisionError(f"the same chip is on {self._here[board.mac]} too")
        self._here[board.mac] = port
        before = self._log.latest("mac", board.mac)
        if before and before["result"] == DONE and not self._even_registered:
            as_what = f"made as {before['sn']} on {before['time'][:10]}"
            if any(row.sn == before["sn"] for row in self._rows):
                raise FinishedBefore(as_what)
            raise ProvisionError(f"this board was {as_what}, and that is not in the list")
        if board.registered and not self._even_registered:
            raise ProvisionError(f"this board is registered already, as {board.kept.get('sn', 'what is unknown')}; "
                                 "--even-registered gives it new settings and leaves its identity")

    def _own(self, mac: str) -> Row | None:
        """The row with this MAC; nobody else's."""
        for row in self._rows:
            if row.mac == mac:
                owner = self._log.latest("sn", row.sn)
                if owner and owner["result"] == DONE and owner["mac"] != mac:
                    raise ProvisionError(f"{row.sn} was given to the board {owner['mac']}")
                return row
        return None

    def _earlier(self, board: Found) -> Row | None:
        """The row that this board got when it failed half-way, by the log or by what is on the board."""
        before = self._log.latest("mac", board.mac)
        for sn in (before and before.get("sn"), board.kept.get("sn")):
            row = next((row for row in self._rows if sn and row.sn == sn and not row.mac), None)
            if row and self._is_free_for(row, board.mac):
                return row
        return None

    def _next_free(self, mac: str) -> Row:
        for row in self._rows:
            if not row.mac and self._is_free_for(row, mac):
                return row
        if all(row.mac for row in self._rows):
            raise ProvisionError(f"no row for the chip {mac}")
        waiting = sorted({entry["sn"] for entry in self._log.entries if self._waits(entry)})
        hint = f"; {', '.join(waiting)} wait for the boards that failed, --release gives them to others"
        raise ProvisionError(f"no free row for the chip {mac}{hint if waiting else ''}")

    def _waits(self, entry: dict[str, str]) -> bool:
        sn = entry.get("sn")
        last = sn and self._log.latest("sn", sn)
        return bool(last) and last["result"] != DONE and any(row.sn == sn for row in self._rows)

    def _is_free_for(self, row: Row, mac: str) -> bool:
        if row.sn in self._given:
            return False
        owner = self._log.latest("sn", row.sn)
        return not owner or owner.get("mac") == mac or (owner["result"] != DONE and row.sn in self._released)
