"""Power cut at every flash operation of first boot, registration and one command of the user's.

Each time the board boots by itself, the cloud has one device and the board its identity, no key is lost, and the
command's outcome is truthful. One gap cannot be closed from here: the cloud tells the key once, so a cut between its
answer and the first whole copy on flash loses it. The board then says so, goes on trying slowly, and registers by
itself when an operator has deleted the stale device. These points are counted, and proven to be next to each other.
"""

import re
from pathlib import Path

from campaign import NOT_REACHED, Campaign, Live, Point, points
from rig import at, copies, found, identity, make_board, the_device

from tools.board.power import RunResult
from tools.board.virtual import VirtualBoard
from tools.cloud.process import LocalCloud

LOST = "the cloud knows this device already, but its key is not on this board"
MOST_LOST = 4
RETRY_SPEED = 100
RETRY_S = 450  # board seconds: the least pause between two tries while the cloud knows the device


class FirstLife:
    """From the factory to the end of one command, for the board with this serial number."""

    def __init__(self, cloud: LocalCloud, sn: str) -> None:
        self.cloud, self.sn = cloud, sn
        self.operations = 0
        self.lost: set[int] = set()

    def __call__(self, board: VirtualBoard, point: Point) -> str:
        self._command = None
        result = board.run(30, cut_after=point.cut or None, until=self._over)
        log = "\n".join(result.lines)
        try:
            if not point.cut:
                self.operations = result.flash_operations
            elif not result.cut:
                return NOT_REACHED
            assert len(result.boots) == (2 if point.cut else 1), "it did not just boot again"
            assert not found("Traceback|crash:|boots without health", result.lines)
            if found(LOST, result.lines):
                self.lost.add(point.cut)
                self._comes_back(board)
                return "key lost"
            return self._judge(board, result)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{log}") from error
        finally:
            for device in self.cloud.devices():
                if device["sn"] == self.sn:
                    self.cloud.delete_device(device["id"])

    def _over(self, line: str) -> bool:
        """The operator: sends the command when the board reports, and waits for its end."""
        if LOST in line:
            return True
        if "accepted" not in line:
            return False
        if self._command is None:
            device = the_device(self.cloud, self.sn)
            self._command = self.cloud.send_command(device["id"], "mark", {"text": "once"})
            return False
        return self.cloud.command(self._command)["status"] in ("done", "failed")

    def _judge(self, board: VirtualBoard, result: RunResult) -> str:
        """One identity, here and there; the command ran at most once, and did so when it is said to be done."""
        assert identity(board)["id"] == the_device(self.cloud, self.sn)["id"]
        assert self._command is not None, "it never reported"
        status = self.cloud.command(self._command)["status"]
        ran = len(found("^effect once$", result.lines))
        assert ran == 1 if status == "done" else status == "failed" and ran <= 1, (status, ran)
        if status == "done":
            assert board.read_file("/effects") == b"once\n"
        return f"command {status}"

    def _comes_back(self, board: VirtualBoard) -> None:
        """The key is really gone; once an operator has deleted the device, the board registers anew by itself."""
        assert not any(whole(copy) for copy in copies(board).values()), "a whole copy was there"
        stale = the_device(self.cloud, self.sn)

        def until(line: str) -> bool:
            if LOST in line:
                self.cloud.delete_device(stale["id"])
            return "telemetry 2 accepted" in line

        result = board.run(30, until=until, speed=RETRY_SPEED)
        assert len(result.boots) == 1 and len(found(LOST, result.lines)) == 1, "\n".join(result.lines)
        told, registered = found(LOST, result.lines)[0], found("registered as", result.lines)[0]
        assert at(registered) - at(told) >= RETRY_S, (told, registered)
        assert identity(board)["id"] == the_device(self.cloud, self.sn)["id"] != stale["id"]


def whole(copy: bytes | None) -> bool:
    """Does it look like a record with a key, to its end?"""
    return copy is not None and re.search(rb'"access_key": ?"[^"]+"', copy) is not None and copy[-5:-4] == b"}"


def test_power_cut_at_every_flash_operation_of_first_boot_registration_and_a_command(tmp_path, shared_cloud):
    lives: list[FirstLife] = []

    def prepare(folder: Path, worker: int) -> tuple[VirtualBoard, Live]:
        board = make_board(folder, shared_cloud, sn=f"CUT-{worker}")
        lives.append(FirstLife(shared_cloud, f"CUT-{worker}"))
        return board, lives[-1]

    with Campaign("first boot, registration, a command", tmp_path, prepare) as campaign:
        assert campaign.live(Point(0)) == "command done"
        tally = campaign.run(points(max(life.operations for life in lives)))
    lost = sorted(set().union(*(life.lost for life in lives)))
    print(f"operations at which the only copy of the key is lost: {lost}")
    tally.demand()
    assert tally.outcomes[NOT_REACHED] <= 2
    assert len(lost) <= MOST_LOST and lost == list(range(lost[0], lost[-1] + 1)), lost
