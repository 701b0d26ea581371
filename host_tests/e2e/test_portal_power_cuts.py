"""Power lost while a set-up is written down: the board knows the old networks or the new one as well, never none.

A sample of the flash operations; all of them with POWERCUT=full (`make powercut`).
"""

import json
import os
from contextlib import suppress

import httpx
from phone import RIGHT, Phone, board_to_set_up
from rig import Powered

OLD = {"ssid": "Elsewhere", "key": "other-key-1"}
NEW = {"ssid": "HomeNet", "key": RIGHT}


def set_up(board, **options):
    """One life in which somebody sets the board up; the power may go in it. Returns its flash operations."""
    with Powered(board, **options) as run:
        run.wait("portal: open")
        with suppress(httpx.HTTPError, AssertionError):  # the hot spot may go with the power
            Phone(board).join("HomeNet", RIGHT)
        run.wait("--- boot 2")
    assert run.result.cut == ("cut_after" in options)
    return run.result.flash_operations


def test_cuts_cost_no_network(tmp_path, cloud):
    fresh = board_to_set_up(tmp_path / "fresh", cloud, settings={"wifi": [OLD], "setup_after_s": 5})
    with Powered(fresh) as run:
        run.wait("portal: open")  # what every first start writes is on flash now
    whole = set_up(fresh.copy(tmp_path / "whole"))
    cuts = range(1, whole + 1)
    if os.environ.get("POWERCUT") != "full":
        cuts = cuts[whole // 4 :: max(1, whole // 4)][:3]
    outcomes = []
    for cut in cuts:
        board = fresh.copy(tmp_path / f"cut{cut}")
        set_up(board, cut_after=cut)
        outcomes.append(json.loads(board.read_file("/settings.json"))["wifi"])
        assert outcomes[-1] in ([OLD], [NEW, OLD]), cut
    print(f"{len(outcomes)} of {len(cuts)} cuts: {outcomes.count([OLD])} before, {outcomes.count([NEW, OLD])} after")
    assert [OLD] in outcomes and [NEW, OLD] in outcomes
