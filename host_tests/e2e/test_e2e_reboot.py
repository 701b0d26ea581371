"""Must show 5: a reboot command is executed exactly once and reported `done`, wherever the power is cut on the way.

A reboot that the journal cannot prove is reported `failed`.
"""

from pathlib import Path

from campaign import NOT_REACHED, Campaign, Live, Point, points
from rig import Powered, found, identity, make_board, the_device

from tools.board.virtual import VirtualBoard
from tools.cloud.process import LocalCloud


class Reboot:
    """From a power-up with the command waiting to its end in the cloud."""

    def __init__(self, board: VirtualBoard, cloud: LocalCloud, sn: str) -> None:
        self.cloud = cloud
        self.operations = 0
        with Powered(board) as run:
            run.reports(2)
        self.kept = identity(board)
        assert self.kept["id"] == the_device(cloud, sn)["id"]

    def __call__(self, board: VirtualBoard, point: Point) -> str:
        sent = self.cloud.send_command(self.kept["id"], "reboot")

        def over(line: str) -> bool:
            return "accepted" in line and self.cloud.command(sent)["status"] in ("done", "failed")

        result = board.run(30, cut_after=point.cut or None, until=over)
        try:
            if not point.cut:
                self.operations = result.flash_operations
            self._judge(board, sent, [boot.cause for boot in result.boots], result.lines)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(result.lines)) from error
        return "done" if result.cut or not point.cut else NOT_REACHED

    def _judge(self, board: VirtualBoard, sent: dict, causes: list[str], lines: list[str]) -> None:
        command = self.cloud.command(sent)
        assert command["status"] == "done", command
        commanded = causes.count("HARD_RESET")
        assert commanded == len(found("restarting on command", lines)) <= 1
        # Without one, the cut came between journal and reset: it was the restart, and the report says so.
        assert commanded == 1 or causes == ["PWRON_RESET", "PWRON_RESET"], causes
        assert len(causes) <= 3 and not found("Traceback|crash:", lines)
        assert identity(board) == self.kept


def test_reboot_exactly_once_with_a_power_cut_at_every_flash_operation(tmp_path, shared_cloud):
    lives = []

    def prepare(folder: Path, worker: int) -> tuple[VirtualBoard, Live]:
        board = make_board(folder, shared_cloud, sn=f"REBOOT-{worker}")
        lives.append(Reboot(board, shared_cloud, f"REBOOT-{worker}"))
        return board, lives[-1]

    with Campaign("a reboot command", tmp_path, prepare) as campaign:
        assert campaign.live(Point(0)) == "done"
        tally = campaign.run(points(max(life.operations for life in lives)))
    tally.demand()
    assert tally.outcomes[NOT_REACHED] <= 2


def test_a_reboot_that_the_journal_cannot_prove_is_failed(board, cloud):
    with Powered(board) as run:
        run.reports()
    kept = identity(board)
    sent = cloud.send_command(kept["id"], "reboot")
    board.run(20, until=lambda line: "restarting on command" in line)
    assert cloud.command(sent)["status"] == "in_progress"
    board.wipe("nvs")
    with Powered(board) as run:
        cloud.wait_for(lambda: cloud.command(sent)["status"] == "failed", what="the report of the failure")
    assert run.count("restarting on command") == 0 and run.count("--- boot ") == 1
    assert identity(board) == kept
