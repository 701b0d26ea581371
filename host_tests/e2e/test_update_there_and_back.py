"""Must show 2: both kinds, from slot A to B and back to A, ten times in a row; and the same packed."""

import re

import payloads
import pytest
from rig import Powered, found, identity
from update_bench import SLOTS

UPDATES = 10


@pytest.mark.parametrize("kind", payloads.KINDS)
def test_ten_updates_in_a_row(bench, kind):
    with Powered(bench.board) as run:
        run.reports(2)
        kept = bench.device
        for number in range(1, UPDATES + 1):
            version = f"1.{number}.0"
            sent = bench.send(payloads.make(kind, version)).done(run)
            assert sent.now()["message"] == f"running {version}"
            run.reports(1)
            assert bench.info()["firmware"]["version"] == version
    used = [re.search(r"into (\S+) for trial 1", line)[1] for line in found("restarting into", run.lines)]
    first = SLOTS[kind].index(used[0])
    assert used == [SLOTS[kind][(first + i) % 2] for i in range(UPDATES)]
    assert run.count("--- boot ") == 2 * UPDATES + 1  # updater and trial
    assert identity(bench.board)["id"] == kept
    assert not found("Traceback", run.lines)
