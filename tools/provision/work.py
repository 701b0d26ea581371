"""One board, from the cable to the audit log."""

from __future__ import annotations

import contextlib
import hashlib
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tools import claim_code
from tools.provision import codes, found
from tools.provision.audit import DONE, FAILED, AuditLog
from tools.provision.found import Found
from tools.provision.matching import FinishedBefore, Matching
from tools.provision.order import SETTINGS, Order
from tools.provision.problem import ProvisionError, told
from tools.provision.rows import Row
from tools.serial.port import PortError
from tools.serial.repl import BoardError, Repl, connect


@dataclass(frozen=True)
class Device:
    """A finished board, as its label tells of it."""

    sn: str
    mac: str
    cloud_id: str
    name: str
    setup_password: str = field(repr=False)


@dataclass(frozen=True)
class Work:
    """What is done to each board of a run. short_code: for Cloud IDs that the list leaves out; empty: none is made.

    label: called with a device that is proven good, before the log says so.
    """

    order: Order
    matching: Matching
    log: AuditLog
    short_code: str
    label: Callable[[Device], None]

    def do(self, port: str, say: Callable[[str], None]) -> str:
        """Provision the board on `port` and let it start; its serial number. say: gets each step.

        Raises ProvisionError, matching.FinishedBefore; the board then starts as it is, if it still can.
        """
        with stopped(port, say) as board:
            return self._board(board, port, say).sn

    def _board(self, board: Repl, port: str, say: Callable[[str], None]) -> Device:
        what = found.ask(board)
        if not what.agent:
            raise ProvisionError("no agent on this board: `python -m tools deploy` puts it there")
        row = self._claimed(board, what, port)
        say(f"{what.mac} becomes {row.sn}")
        device = self._device(row, what)
        about = {"mac": device.mac, "sn": row.sn, "cloud_id": device.cloud_id, "name": row.name,
                 "sub_model": row.sub_model, "port": port, "firmware": what.firmware, "agent": what.agent}
        try:
            with in_words(port):
                self._write(board, row, device, say)
                # From here on the board may start with these settings, and register, though this run ends now.
                self.log.begin(**about)
                self._move(board, row, device)
            self.label(device)
        except Exception as error:
            self.log.write(FAILED, **about, reason=told(error))
            raise ProvisionError(f"{row.sn}: {told(error)}") from error
        self.log.write(DONE, **about)
        return device

    def _claimed(self, board: Repl, what: Found, port: str) -> Row:
        """The row for this board. What FinishedBefore says of it, it also says when this run has something else for it:
        so the cure of a mistyped key or password is found.
        """
        try:
            return self.matching.claim(what, port)
        except FinishedBefore as before:
            files = self._files(before.row, self._device(before.row, what))
            digests = board.call("files", "hashes", list(files), keys=files)
            if all(digests[path] == hashlib.sha256(data).hexdigest() for path, data in files.items()):
                raise
            raise FinishedBefore(f"{before}, with other settings than these: --even-registered writes them",
                                 before.row) from None

    def _device(self, row: Row, what: Found) -> Device:
        """What was made up for a board stays: it may have been shown or sent already. So does a registered board's
        Cloud ID, even if that is none.
        """
        password = what.kept.get("setup_password") if what.kept.get("sn") == row.sn else ""
        cloud_id = row.cloud_id or self.matching.cloud_id(what, row)
        if not cloud_id and self.short_code and not what.registered:
            cloud_id = codes.new_cloud_id(self.short_code)
        return Device(row.sn, what.mac, cloud_id, row.name, password or codes.new_setup_password())

    def _write(self, board: Repl, row: Row, device: Device, say: Callable[[str], None]) -> None:
        """Each file beside its place, and judged there: a board at work gets no settings it could not work with."""
        files = self._files(row, device)
        for number, (path, data) in enumerate(files.items(), 1):
            say(f"writing {path} ({number} of {len(files)})")
            if folder := posixpath.dirname(path).strip("/"):
                board.call("files", "folder", "/" + folder)
            board.write(path + ".new", data)
        say("reading back")
        names = [path + ".new" for path in files]
        digests = board.call("files", "hashes", names, keys=names)
        for path, data in files.items():
            if digests[path + ".new"] != hashlib.sha256(data).hexdigest():
                raise ProvisionError(f"{path} reads back otherwise than it was written: is the flash worn out?")
        board.call(found.SCRIPT, "accept", SETTINGS + ".new")
        if fault := board.call("state", "pins_say", SETTINGS + ".new"):
            raise ProvisionError(fault)

    def _move(self, board: Repl, row: Row, device: Device) -> None:
        """All files into their places, the settings last; an earlier claim code goes where there is none now."""
        files = self._files(row, device)
        board.call("files", "move", [(path + ".new", path) for path in files])
        if claim_code.PATH not in files:
            board.call("files", "remove", [claim_code.PATH])

    def _files(self, row: Row, device: Device) -> dict[str, bytes]:
        return self.order.files(row, device.cloud_id, device.setup_password)


@contextlib.contextmanager
def stopped(port: str, say: Callable[[str], None]) -> Iterator[Repl]:
    """The board on `port` with its program stopped; at the end it starts again. Raises ProvisionError."""
    say("stopping what runs")
    with in_words(port), connect(port, say) as board:
        try:
            yield board
        finally:  # what happened before is the verdict, not that a dead board cannot be restarted
            with contextlib.suppress(PortError, BoardError):
                board.restart()


@contextlib.contextmanager
def in_words(port: str) -> Iterator[None]:
    """Turns what the serial tools raise into ProvisionError: the line of theirs that says most, without the port."""
    try:
        yield
    except PortError as error:
        raise ProvisionError(str(error).splitlines()[0].removeprefix(port).lstrip(": ")) from error
    except BoardError as error:
        raise ProvisionError(f"the board says: {str(error).splitlines()[-1]}") from error
