"""The portal's memory is the board's again before TLS starts: 32-bit heap, the same life with and without it.

After a set-up the board restarts, and nothing can be left. When a known network comes back by itself it restarts only
with the agent as files: for the names of the portal's modules, which MicroPython never forgets. An image has them in
ROM.
"""

import os
import re

import pytest
from phone import NETWORKS, PASSWORD, RIGHT, SPEED, Phone
from rig import MAIN, RUN, Powered, make_board

from tools.board import factory

pytestmark = pytest.mark.skipif(bool(os.environ.get("NO_I386")), reason="NO_I386 is set")
HEAP = "56wK"  # what a stock ESP32 begins with; while no TLS session takes room it adds to that
LEFT = 1024  # bytes: the texts of the last errors, the state of the link
HOME = {"ssid": "HomeNet", "key": RIGHT}
LOOP = """
import gc, micropython
def reports(n):
    while not agent._cycle or agent._cycle.accepted < n:
        agent._idle(agent.step())
reports(3)
gc.collect()
print("in use", gc.mem_alloc())
micropython.qstr_info()
agent.run()
"""


def in_use(run):
    """Bytes of the heap after three reports, and how many of them hold names."""
    whole = int(re.search(r"in use (\d+)", run.wait("in use", timeout=40))[1])
    return whole, int(re.search(r"n_total_bytes=(\d+)", run.wait("n_total_bytes"))[1])


def board(folder, cloud, wifi, agent="image", heap=HEAP, main=MAIN + LOOP, **more):
    settings = {"wifi": wifi, "setup_password": PASSWORD, "log_level": "info", **more}
    return make_board(folder, cloud, main=main, wifi=NETWORKS, settings=settings, arch="i386", heap=heap,
                      speed=SPEED, agent=agent, firmware=factory.built_firmware("1.0.0", agent))


@pytest.fixture(scope="module")
def without(tmp_path_factory, shared_cloud):
    with Powered(board(tmp_path_factory.mktemp("known") / "board", shared_cloud, [HOME])) as run:
        return in_use(run)


def test_after_a_set_up(tmp_path, shared_cloud, without, record_property):
    fresh = board(tmp_path / "fresh", shared_cloud, [])
    with Powered(fresh) as run:
        run.wait("portal: open", timeout=40)
        phone = Phone(fresh)
        for _ in range(3):
            assert "Connected" not in phone.join("HomeNet", "wrong-key-1")
        assert "Connected" in phone.join("HomeNet", RIGHT)
        after = in_use(run)
        assert run.count("--- boot") == 2 and not run.count("emory")
    record_property("heap in use", f"{without} without, {after} after the portal")
    print(f"heap in use, and names in it: {without} without a portal, {after} after a set-up")
    assert abs(after[0] - without[0]) <= LEFT


def test_after_a_network_has_come_back(tmp_path, shared_cloud, without, record_property):
    late = board(tmp_path / "late", shared_cloud, [HOME], setup_after_s=1, link_reset_s=0)
    late.outage(True)
    with Powered(late, speed=40) as run:
        run.wait("portal: open", timeout=40)
        assert Phone(late).get("/generate_204", host="a.test").status_code == 302
        late.outage(False)
        after = in_use(run)
        assert run.count("--- boot") == 1 and run.count("portal: closed") and not run.count("emory")
    names = after[1] - without[1]
    record_property("heap in use", f"{without} without, {after} after the portal")
    print(f"heap in use, and names in it: {without} without a portal, {after} after it was open")
    assert after[0] - names <= without[0] + LEFT


def test_as_files_it_restarts_when_a_network_has_come_back(tmp_path, shared_cloud):
    late = board(tmp_path / "late", shared_cloud, [HOME], "files", "128wK", MAIN + RUN, setup_after_s=60,
                 link_reset_s=0)
    late.outage(True)
    with Powered(late, speed=40) as run:
        run.wait("portal: open", timeout=40)
        seen = len(run.lines)
        late.outage(False)
        run.wait("connected to HomeNet", after=seen)
        run.wait("registered as")
        assert run.count("--- boot") == 2
