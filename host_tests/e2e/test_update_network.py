"""Must show 5, 6, 7: lost connections, servers that do as they like with ranges, and no key for the file host."""

import json

import payloads
import pytest
from payloads import APPLICATION, FIRMWARE
from rig import Powered, found, identity
from update_bench import Bench, make_updatable

from tools.cloud import defaults
from tools.cloud.process import LocalCloud

KILOBYTES = 400
LOST = 20
PIECE = 65536
kinds = pytest.mark.parametrize("kind", payloads.KINDS)


@kinds
def test_twenty_lost_connections(bench, kind):
    """At random offsets, of a file on a host of its own."""
    update = payloads.large(kind, "1.1.0", KILOBYTES)
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.faults([{"action": "cut", "count": LOST, "within": 60000, "seed": 7, "reset": kind == FIRMWARE}])
        sent = bench.send(update).done(run, timeout=60)
        assert all(rule["count"] == 0 for rule in bench.cloud.faults_left())
    assert run.count("update: download at byte") == LOST
    print(f"\nfigure: {kind}, {LOST} lost connections: {sent.bytes_sent()} bytes sent of {update.size}")
    assert update.size <= sent.bytes_sent() <= update.size + LOST * PIECE


@kinds
def test_a_reset_in_the_middle_costs_at_most_one_piece(bench, kind):
    update = payloads.large(kind, "1.1.0", KILOBYTES)
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.settings(download_bytes_per_s=400_000)
        sent = bench.send(update)
        run.wait("[45]0 % of 1.1.0")
    bench.cloud.settings(download_bytes_per_s=0)
    before = sent.bytes_sent()
    with Powered(bench.board) as run:
        sent.done(run)
    again = sent.bytes_sent() - update.size
    print(f"\nfigure: {kind}, reset in the middle: {again} bytes came twice")
    assert before > update.size // 3 and again <= PIECE
    assert not found("from byte 0$", run.lines)


@kinds
def test_the_network_is_gone_for_half_a_minute(bench, kind):
    """The board joins it again by itself, and the download goes on where it was."""
    update = payloads.large(kind, "1.1.0", KILOBYTES)

    def lose():
        bench.board.outage(True)
        bench.cloud.faults([{"action": "cut", "count": 1, "within": 10000, "seed": 3}])

    with Powered(bench.board) as run:
        run.reports(2)
        run.at("30 % of 1.1.0", lose)
        sent = bench.send(update)
        run.wait("wifi: .*not found", timeout=40)
        bench.board.outage(False)
        sent.done(run, timeout=60)
    assert run.count("update: download at byte") and run.count("--- boot") == 3
    assert sent.bytes_sent() <= update.size + 3 * PIECE


@kinds
@pytest.mark.parametrize("packed", [False, True])
def test_a_server_that_knows_no_ranges(bench, kind, packed):
    update = payloads.make(kind, "1.1.0")
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.faults([{"action": "ignore_range", "count": -1}])
        bench.send(update.gzip() if packed else update).done(run)
    assert found("agent: version" if kind == APPLICATION else "--- boot 2", run.lines)


@kinds
def test_packed_over_lost_connections_and_a_reset(bench, kind):
    """A gzip stream cannot be entered in its middle: after the reset it comes again from its start."""
    update = payloads.large(kind, "1.1.0", KILOBYTES).gzip()
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.faults([{"action": "cut", "count": 5, "within": 60000, "seed": 9}])
        bench.cloud.settings(download_bytes_per_s=400_000)
        sent = bench.send(update)
        run.wait("[45]0 % of 1.1.0")
    bench.cloud.settings(download_bytes_per_s=0)
    with Powered(bench.board) as run:
        sent.done(run)


@kinds
@pytest.mark.parametrize("fault", [
    {"action": "ignore_range", "skip": 2},
    {"action": "wrong_range", "skip": 1, "by": 4096, "content_range": "kept"},
    {"action": "wrong_range", "skip": 1, "by": 4096, "content_range": "moved"},
    {"action": "wrong_range", "skip": 1, "by": 4096, "content_range": "absent"},
    {"action": "wrong_length", "skip": 1, "by": -1},
    {"action": "wrong_length", "skip": 1, "by": 1},
], ids=lambda fault: f"{fault['action']} {fault.get('content_range', fault.get('by', ''))}")
def test_an_answer_that_is_not_what_was_asked_for(bench, kind, fault):
    """Once. The update is given up with a reason or done; a mix of bytes is never run."""
    update = payloads.large(kind, "1.1.0", KILOBYTES)
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.faults([fault])
        status, message = bench.send(update).outcome(run)
        assert not any(rule["count"] for rule in bench.cloud.faults_left())
        print(f"\nfigure: {kind}, {fault['action']} {fault.get('content_range', '')}: {status}, {message}")
        if status == "failed":
            assert run.count("restarting into") == 0
            bench.send(update).done(run)


@kinds
@pytest.mark.parametrize("etag", ["strong", "weak", "none", "kept"])
def test_a_file_that_changes_between_two_requests(bench, kind, etag):
    """The announced file turns into another of the same length: never a mix. With the old one back, it is done."""
    update = payloads.large(kind, "1.1.0", KILOBYTES)
    other = payloads.large(kind, "1.1.1", KILOBYTES)
    assert other.size == update.size
    bench.cloud.settings(download_etag="strong" if etag == "kept" else etag)
    with Powered(bench.board) as run:
        run.reports(2)
        changed = bench.upload(other)
        bench.cloud.faults([{"action": "change_file", "skip": 2, "to": changed, "keep_etag": etag == "kept"}])
        message = bench.send(update).failed(run)
        assert "SHA-256" in message or "from zero too often: " in message, message
        assert run.count("restarting into") == 0
        bench.send(update).done(run)


@kinds
def test_the_access_key_stays_with_the_hub(tmp_path, kind):
    """Downloads come from a second host, and a third by redirect: neither hears who asks."""
    with LocalCloud(tmp_path / "cloud", files=0) as cloud, LocalCloud(tmp_path / "other") as third:
        ca = cloud.ca.read_bytes() + third.ca.read_bytes()
        board = make_updatable(tmp_path / "board", cloud, ca=ca)
        bench = Bench(tmp_path, cloud, board)
        with Powered(board) as run:
            run.reports(2)
            cloud.faults([{"action": "redirect", "count": 1, "skip": 1, "status": 302, "to": third.https}])
            bench.send(payloads.large(kind, "1.1.0", 100)).outcome(run)
        secrets = [identity(board)["access_key"], defaults.HARDWARE_KEY, identity(board)["id"]]
        asked = [request for request in cloud.requests() if request["listener"] == "files"] + third.requests()
    assert {request["listener"] for request in asked} == {"files", "https"}
    for request in asked:
        assert "authorization" not in {name.lower() for name in request["headers"]}
        assert not any(secret in json.dumps(request) for secret in secrets)


def test_redirects_that_are_too_many_or_lead_to_plain_http(bench):
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.faults([{"action": "redirect", "count": 4, "status": 302, "to": ""}])
        assert "too many redirects" in bench.send(payloads.make(APPLICATION, "1.1.0")).failed(run)
        bench.cloud.faults([{"action": "redirect", "count": 1, "status": 302, "to": "http://files.example"}])
        assert "is plain http" in bench.send(payloads.make(APPLICATION, "1.1.0")).failed(run)
        bench.cloud.faults([{"action": "redirect", "count": 3, "status": 307, "to": ""}])
        bench.send(payloads.make(APPLICATION, "1.1.1")).done(run)


def test_chunked_and_dripping(bench):
    with Powered(bench.board) as run:
        run.reports(2)
        bench.cloud.faults([{"action": "chunked", "size": 1000, "count": -1, "match": {"path": "/files/"}}])
        bench.send(payloads.make(FIRMWARE, "1.1.0")).done(run)
        bench.cloud.faults([{"action": "drip", "size": 200, "every_ms": 5, "count": -1, "match": {"path": "/files/"}}])
        bench.send(payloads.make(APPLICATION, "1.1.1")).done(run)


def test_a_silent_server(bench):
    """As long as the watchdog waits: it is not taken for a hang, and the download goes on where it was."""
    with Powered(bench.board) as run:
        run.reports(2)
        update = payloads.large(APPLICATION, "1.1.0", 100)
        bench.cloud.faults([{"action": "cut", "count": 1, "skip": 1, "at": 1000, "hold_ms": 10_000}])
        sent = bench.send(update).done(run)
    assert run.count("update: download at byte .* timed out") == 1 and run.count("--- boot") == 3
    assert sent.bytes_sent() <= update.size + PIECE


def test_plain_http_to_no_development_host(bench):
    with Powered(bench.board) as run:
        run.reports(2)
        sent = bench.send(payloads.make(APPLICATION, "1.1.0"), url="http://example.com/app.tar")
        assert "is plain http, and its host is not in 'development_hosts'" in sent.failed(run)
