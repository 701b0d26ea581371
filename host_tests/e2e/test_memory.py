"""What the agent takes of a board's heap, measured on the i386 interpreter, whose words and blocks are the ESP32's."""

import os
import re

import payloads
import pytest
from rig import MAIN, RUN, Powered, found, the_device
from update_bench import Bench, make_updatable

from tools.board import factory
from tools.board.settings import ROMFS, simulation

pytestmark = pytest.mark.skipif(bool(os.environ.get("NO_I386")), reason="NO_I386 is set")

LIFE_HEAP = "44wK"  # of the chip, with the agent in its image
STOCK_HEAP = "56wK"  # what an ESP32 without PSRAM begins with; the agent as files
RESIDENT = 53 * 512  # bytes: code and data of the agent between two telemetries
TRANSIENT = 8 * 1024  # bytes on top: of a command, with the code that carries it out

# Looks at the heap between two steps, and each time that the watchdog is fed: that is at every wait and every block.
WATCH = """
import gc
def used():
    gc.collect()
    return gc.mem_alloc()
feed, most = agent._chip.feed, [0]
def watch():
    feed()
    most[0] = max(most[0], used())
agent._chip.feed = agent._state.http._feed = watch
step = agent.step
def told():
    wait = step()
    print("heap between %d, most %d" % (used(), most[0]))
    most[0] = 0
    return wait
agent.step = told
"""
START = "import gc\ngc.collect()\nprint('heap at start %d' % gc.mem_alloc())\n"


def board(tmp_path, cloud, main, heap, agent="image", **more):
    return make_updatable(tmp_path / "board", cloud, main=main, arch="i386", agent=agent, heap=heap,
                          firmware=factory.built_firmware("1.0.0", agent), **more)


def obeys(run, cloud):
    sent = cloud.send_command(the_device(cloud)["id"], "mark", {"text": "memory"})
    cloud.wait_for(lambda: cloud.command(sent)["status"] == "done", what="done")


@pytest.mark.parametrize("agent, heap", [("image", LIFE_HEAP), ("files", STOCK_HEAP)])
def test_a_whole_life_in_a_small_heap(tmp_path, cloud, agent, heap):
    """Register, 100 telemetries, a command, both kinds of update, plain and packed: one board, one power-up."""
    made = board(tmp_path, cloud, MAIN + RUN, heap, agent)
    bench = Bench(tmp_path, cloud, made)
    with Powered(made) as run:
        run.reports(100, timeout=60)
        obeys(run, cloud)
        for kind in payloads.KINDS:
            bench.send(payloads.make(kind, "1.1.0")).done(run)
            bench.send(payloads.make(kind, "1.2.0").gzip()).done(run)
        run.reports(1)
        assert run.count("--- boot ") == 1 + 2 * 4
    assert not found("Memory|no memory|Traceback", run.lines)


def test_long_texts_in_a_small_heap(tmp_path, cloud):
    """Of a sensor that fails at each reading, a handler's exception, a command's name: told in part, and no crash."""
    talk = """
@agent.sensor("bad")
def bad():
    raise ValueError("x" * 2500)

@agent.command("fail")
def fail(params, progress):
    raise ValueError("y" * 3000)
"""
    made = board(tmp_path, cloud, MAIN + talk + RUN, LIFE_HEAP)
    with Powered(made) as run:
        run.reports(20)
        device = the_device(cloud)["id"]
        for name, words in (("fail", "ValueError: yyyy"), ("n" * 1000, "unknown command 'nnnn")):
            sent = cloud.send_command(device, name)
            cloud.wait_for(lambda: cloud.command(sent)["status"] == "failed", what="failed")  # noqa: B023 - waits here
            assert cloud.command(sent)["message"].startswith(words)
        run.reports(5)
        assert run.count("--- boot ") == 1
    assert not found("Memory|Traceback", run.lines)


def test_what_stays_and_what_a_command_takes(tmp_path, cloud):
    made = board(tmp_path, cloud, START + MAIN + WATCH + RUN, "128wK")
    with Powered(made) as run:
        run.reports(5)
        seen = len(run.lines)
        run.reports(5)
        steady = [int(n) for n in re.findall(r"heap between (\d+)", "\n".join(run.lines[seen:]))]
        obeys(run, cloud)
        run.reports(3)
        most = max(int(n) for n in re.findall(r"most (\d+)", "\n".join(run.lines[seen:])))
        later = [int(n) for n in re.findall(r"heap between (\d+)", "\n".join(run.lines[-5:]))]
    start = int(re.search(r"heap at start (\d+)", "\n".join(run.lines))[1])
    print(f"\nfigure: at start {start}; agent and application resident {max(steady) - start}, a command takes "
          f"{most - max(steady)} more while it runs, {later[-1] - max(steady)} afterwards (i386)")
    assert max(steady) - start <= RESIDENT and most - max(steady) <= TRANSIENT
    assert later[-1] - max(steady) <= 512, "a phase has left its code behind"


@pytest.mark.parametrize("agent", ["image", "files"])
def test_the_simulation_takes_what_it_is_given(tmp_path, cloud, agent):
    """Not less either: then the chip's heap would be larger than it says."""
    files = {"/boot.py": START.encode()} if agent == "files" else None  # before the first name of the agent's
    result = board(tmp_path, cloud, START, "56wK", agent, files=files).run(
        10, until=lambda line: line.startswith("heap at start"))
    start = int(re.search(r"heap at start (\d+)", "\n".join(result.lines))[1])
    given = simulation(agent == "image") - ROMFS * (agent == "image")
    assert given - 2048 <= start <= given
