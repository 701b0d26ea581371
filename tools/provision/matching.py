"""Which row a board gets, and which board gets none."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence

from tools.provision.audit import DONE, AuditLog
from tools.provision.found import Found
from tools.provision.problem import ProvisionError
from tools.provision.rows import Row


class FinishedBefore(Exception):
    """The log and the board agree that it is done; the text says as what. row: of the list, its own."""

    def __init__(self, text: str, row: Row):
        super().__init__(text)
        self.row = row


class Matching:
    """Rows of a list, handed out to the boards of a run; from any thread.

    released: serial numbers whose board failed and will not come back. even_registered: new settings for registered and
    finished boards too; their identity stays. relabel: boards that hold a serial number which is not theirs by the list
    become new devices, unless they are registered.
    """

    def __init__(self, rows: Sequence[Row], log: AuditLog, released: Collection[str] = (),
                 even_registered: bool = False, relabel: bool = False):
        self._rows, self._log = rows, log
        self._released, self._even_registered, self._relabel = released, even_registered, relabel
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
            if board.mac in self._here:
                raise ProvisionError(f"the same chip is on {self._here[board.mac]} too")
            self._here[board.mac] = port
            before = self._log.latest("mac", board.mac)
            self._refuse_known(board, before)
            row = self._own(board.mac) or self._earlier(board, before)
            self._refuse_other(board, before, row)
            row = row or self._next_free(board.mac)
            self._given.add(row.sn)
            return row

    def cloud_id(self, board: Found, row: Row) -> str:
        """The Cloud ID that the board has, or had when this log finished it: then it is on a label. Empty: none yet."""
        if kept := board.kept.get("cloud_id", "") if board.kept.get("sn") == row.sn else "":
            return kept
        made = self._log.latest("mac", board.mac, DONE)
        return made.get("cloud_id", "") if made.get("sn") == row.sn else ""

    def left(self) -> int:
        """How many rows of the list have no finished device."""
        return sum(self._log.latest("sn", row.sn).get("result") != DONE for row in self._rows)

    def kept_rows(self) -> Iterator[str]:
        """Why a row that was to be released is not, in words: its board was finished once."""
        for sn in self._released:
            if made := self._log.latest("sn", sn, DONE):
                yield (f"--release {sn} does nothing: the board {made['mac']} was finished as {sn} on "
                       f"{made['time'][:10]}, and the cloud may know it; give another board a row of its own")

    def _refuse_known(self, board: Found, before: dict[str, str]) -> None:
        """Finished boards, and registered ones that this log does not know as what they are."""
        if self._even_registered:
            return
        sn = board.kept.get("sn", "")
        row = next((row for row in self._rows if row.sn == sn), None)
        if before.get("result") == DONE and before["sn"] == sn and row:
            raise FinishedBefore(f"made as {sn} on {before['time'][:10]}", row)
        if board.registered and (not before or before["sn"] != (sn or before["sn"])):
            raise ProvisionError(f"this board is registered already, as {sn or 'what is unknown'}; "
                                 "--even-registered gives it new settings and leaves its identity")

    def _refuse_other(self, board: Found, before: dict[str, str], row: Row | None) -> None:
        """Boards that hold a serial number, on a label or in the cloud, other than that of `row`."""
        sn = board.kept.get("sn", "")
        if board.registered:
            if not row or row.sn != (sn or before.get("sn")):
                raise ProvisionError(f"this board is registered as {sn or 'what is unknown'}, and the list has no row "
                                     "for that; it keeps its serial number until `console` has done reset-identity")
            if row.cloud_id not in ("", self.cloud_id(board, row)):
                raise ProvisionError(f"this board is registered with another Cloud ID than line {row.line} of the list "
                                     "has; it keeps it until `console` has done reset-identity")
        elif sn and not self._relabel and (not row or row.sn != sn):
            raise ProvisionError(f"this board was made as {sn}, and the list has no row for that; --relabel makes it a "
                                 f"new device, and a label that says {sn} is then wrong")

    def _own(self, mac: str) -> Row | None:
        """The row with this MAC; nobody else's."""
        for row in self._rows:
            if row.mac == mac:
                owner = self._log.latest("sn", row.sn, DONE)
                if owner and owner["mac"] != mac:
                    raise ProvisionError(f"{row.sn} was given to the board {owner['mac']}")
                return row
        return None

    def _earlier(self, board: Found, before: dict[str, str]) -> Row | None:
        """The row that this board had: by what is on it, or by the log when it failed half-way or was wiped."""
        for sn in (board.kept.get("sn"), before.get("sn")):
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
        waiting = sorted(row.sn for row in self._rows if self._waits(row))
        hint = f"; {', '.join(waiting)} wait for the boards that failed, --release gives them to others"
        raise ProvisionError(f"no free row for the chip {mac}{hint if waiting else ''}")

    def _waits(self, row: Row) -> bool:
        return bool(self._log.latest("sn", row.sn)) and not self._log.latest("sn", row.sn, DONE)

    def _is_free_for(self, row: Row, mac: str) -> bool:
        if row.sn in self._given:
            return False
        owner = self._log.latest("sn", row.sn)
        if not owner or owner.get("mac") == mac:
            return True
        return row.sn in self._released and not self._log.latest("sn", row.sn, DONE)
