"""Must show 9: power cut at every flash operation of an update, from the command to `done`, both kinds, both ways.

After each cut the board boots by itself, keeps its identity, and comes to exactly one outcome, which is true: with
`done` the new code runs, also after another power-up; the other slot is as it was; and at most 64 KiB came twice.

A seeded sample of the operations; POWERCUT=full (`make powercut`) takes them all.
"""

import os
import random
from pathlib import Path

import payloads
import pytest
from campaign import NOT_REACHED, Campaign, Live, Point, points
from payloads import APPLICATION, FIRMWARE
from rig import Powered, found, identity
from update_bench import OVER, SLOTS, Bench, Sent, make_updatable

from tools.board import layout
from tools.board.power import RunResult
from tools.board.virtual import VirtualBoard
from tools.cloud.process import LocalCloud

FULL = os.environ.get("POWERCUT") == "full"
SAMPLE = 40  # points for each of the four ways
AGAIN_BYTES = 65536
MOST_BOOTS = 5  # power-up, trial; and with a cut: once more up, and, when it hit the trial, back and into it again
WAYS = [(kind, way) for kind in (FIRMWARE, APPLICATION) for way in ("A to B", "B to A")]


class UpdateLife:
    """From a power-up with the update waiting to its end in the cloud, and one power-up more."""

    def __init__(self, bench: Bench, kind: str, way: str) -> None:
        self.bench, self.kind = bench, kind
        self.operations = self.again = 0
        with Powered(bench.board) as run:
            run.reports(2)
            for number in range(_updates_before(kind, way)):
                bench.send(payloads.make(kind, f"1.0.{number + 1}")).done(run)
            run.reports(1)
        self.kept = identity(bench.board)
        self.update = payloads.make(kind, "1.1.0")
        self.file = bench.upload(self.update)
        self.from_slot, self.to_slot = SLOTS[kind] if way == "A to B" else SLOTS[kind][::-1]

    def __call__(self, board: VirtualBoard, point: Point) -> str:
        self.bench.cloud.forget_downloads(self.file)
        sent = self.bench.again(self.file)
        before = _slot(board, self.from_slot)
        result = board.run(30, cut_after=point.cut or None, until=lambda line: "accepted" in line and sent.over())
        try:
            if not point.cut:
                self.operations = result.flash_operations
            assert sent.over(), sent.now()
            self._judge(board, sent, result)
            assert _slot(board, self.from_slot) == before, "the slot of the old code was written"
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(result.lines)) from error
        return sent.now()["status"] if result.cut or not point.cut else NOT_REACHED

    def _judge(self, board: VirtualBoard, sent: Sent, result: RunResult) -> None:
        assert identity(board) == self.kept
        assert not found("Traceback|crash:|boots without health", result.lines)
        assert len(result.boots) <= MOST_BOOTS, [boot.cause for boot in result.boots]
        told = {status for status in _reports(self.bench.cloud, sent.id) if status in OVER}
        assert len(told) == 1, told
        again = self.bench.cloud.file(self.file)["bytes_sent"] - self.update.size
        assert again <= AGAIN_BYTES, again
        self.again = max(self.again, again)
        after = board.run(20, until=lambda line: "accepted" in line)
        assert len(after.boots) == 1 and found("accepted", after.lines), "\n".join(after.lines)
        done = sent.now()["status"] == "done"
        assert (self._running(after) == self.to_slot) == done, (done, after.lines)

    def _running(self, result: RunResult) -> str:
        if self.kind == FIRMWARE:
            return result.boots[-1].slot
        return self.to_slot if found("agent: version 1.1.0,", result.lines) else self.from_slot


def _updates_before(kind: str, way: str) -> int:
    """How many it takes to the slot that an update shall start from: an application's first comes from the root."""
    return ("A to B", "B to A").index(way) + (kind == APPLICATION)


def _slot(board: VirtualBoard, name: str) -> bytes:
    """What lies in a firmware slot; for an application its main file."""
    if name.startswith("/"):
        return board.read_file(f"{name}/main.py")
    partition = layout.find(layout.LAYOUT_4MIB_OTA, name)
    with open(board.folder / "flash.bin", "rb") as flash:
        flash.seek(partition.address)
        return flash.read(partition.size)


def _reports(cloud: LocalCloud, command: str) -> list[str]:
    """The states that the board has told of a command, oldest first."""
    bodies = [request["body"] for request in cloud.requests()
              if request["method"] == "POST" and request["path"].endswith("/command")]
    return [body["status"] for body in bodies if body["id"] == command]


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_power_cut_during_an_update(tmp_path, cloud, kind, way):
    cloud.settings(update_device_per_hour=0)
    lives = []

    def prepare(folder: Path, worker: int) -> tuple[VirtualBoard, Live]:
        board = make_updatable(folder, cloud)
        lives.append(UpdateLife(Bench(tmp_path, cloud, board), kind, way))
        return board, lives[-1]

    with Campaign(f"{kind} from {way}", tmp_path, prepare) as campaign:
        assert campaign.live(Point(0)) == "done"
        every = points(max(life.operations for life in lives))
        chosen = every if FULL else random.Random(f"{kind} {way}").sample(every, min(SAMPLE, len(every)))
        tally = campaign.run(chosen)
    tally.demand()
    assert set(tally.outcomes) <= {"done", NOT_REACHED}, "a lost supply is no reason to give an update up"
    print(f"{len(every)} operations, at most {max(life.again for life in lives)} bytes came twice")
