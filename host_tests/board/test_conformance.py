"""What MicroPython's and ESP-IDF's sources say a board does, held against a board: a chip or the virtual one."""

import time

import pytest

from tools.cloud import certificates

EPOCH_2000 = 946684800  # in seconds since 1970


@pytest.mark.parametrize("script", ["nvs", "chip", "files", "wlan"])
def test_facts(target, repl, script):
    target.script(repl, script)


def test_partition(target, repl):
    target.script(repl, "partition", WRITE_SPARE=target.write_spare)


def test_tls_without_a_connection(target, repl, tmp_path):
    ca = certificates.prepare(tmp_path / "tls").read_text()
    target.script(repl, "trust", "link", HOST="", PORT=0, NETWORKS=[], NOW=0, CA=ca, OTHER_CA="")


def test_tls(target, repl, reachable, board_cloud):
    target.script(repl, "trust", "link", OTHER_CA=board_cloud.ca.with_name("other-ca.pem").read_text(), **reachable)


def test_memory(target, repl, reachable):
    target.script(repl, "memory", "link", **reachable)


@pytest.fixture
def reachable(host, board_cloud, networks):
    """What a script must know of the cloud and the way there."""
    return {"HOST": host, "PORT": int(board_cloud.https.rpartition(":")[2]), "NETWORKS": networks,
            "CA": board_cloud.ca.read_text(), "NOW": int(time.time()) - EPOCH_2000}
