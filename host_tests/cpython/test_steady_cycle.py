"""What one steady telemetry of the whole agent costs, over real sockets and real TLS: the README's figures."""

import os
from collections.abc import Iterator

import pytest

from host_tests.bench import bench_lab, throughput, wire_cost
from host_tests.bench.bench_lab import Lab

MOST_REQUESTED = 3300  # bytes a cycle on i386: frames of larger functions, each given back when it returns
ARCHES = ["native", pytest.param("i386", marks=pytest.mark.skipif(
    bool(os.environ.get("NO_I386")), reason="NO_I386 is set"))]


@pytest.fixture(scope="module", params=["1.2", "1.3"])
def lab(request, tmp_path_factory) -> Iterator[Lab]:
    with bench_lab.lab(tmp_path_factory.mktemp("bench"), request.param) as lab:
        yield lab


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_steady_cycle_leaves_no_byte_and_runs_with_the_heap_locked(lab, tls, arch):
    """Sensors of int, bool, str and float, the last two also with a deadband; the answer looked at."""
    cost = lab.run("agent", "memory", 20, tls=tls, arch=arch)
    assert cost["left"] == 0, cost
    assert cost["locked"], "an allocation, given back or not"
    assert cost["requested"] <= MOST_REQUESTED * (1 if arch == "i386" else 2), cost


def test_a_report_is_one_tls_record_on_one_connection(lab):
    cost = wire_cost.of("agent", lab, tls=True)
    assert cost.writes == cost.records == 1 and cost.connections == 0, cost


def test_a_report_over_http_is_one_write(lab):
    cost = wire_cost.of("agent", lab, tls=False)
    assert cost.writes == 1 and cost.connections == 0, cost


def test_a_report_over_https_takes_a_third_of_the_wire_that_requests_takes(lab):
    ours, theirs = (wire_cost.of(name, lab, tls=True) for name in ("agent", "requests"))
    assert 3 * (ours.sent + ours.received) <= theirs.sent + theirs.received, (ours, theirs)
    assert theirs.connections == 1


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_an_update_leaves_the_heap_as_it_is_meanwhile(lab, tmp_path, packed):
    assert throughput.of(lab, tmp_path, throughput.Way(tls=True, packed=packed), 66, 1).heap_swing <= 256
