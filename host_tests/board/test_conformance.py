"""What MicroPython's and ESP-IDF's sources say a board does, held against a board: a chip or the virtual one."""

import sys
import time
import types

import pytest
from verdicts import SCRIPTS, Verdicts

from tools.cloud import certificates

EPOCH_2000 = 946684800  # in seconds since 1970


@pytest.mark.parametrize("script", ["nvs", "chip", "files", "wlan"])
def test_facts(target, repl, script):
    target.script(repl, script)


def test_partition(target, repl):
    target.script(repl, "partition", WRITE_SPARE=target.write_spare)


PENDING = """
from esp32 import Partition
from binascii import crc32
otadata = Partition("otadata")
found = bytearray(8192)
otadata.readblocks(0, found)
record = bytearray(found[:24]) + b"\\1\\0\\0\\0" + found[28:32]
otadata.writeblocks(0, record + b"\\xff" * (4096 - 32))
"""


def test_a_slot_that_is_the_way_back_is_not_written_to(target, repl):
    if target.plugged is None:
        pytest.skip("the record of a boot choice is tampered with")
    repl.run(PENDING)
    try:
        target.script(repl, "partition", WRITE_SPARE=True)
    finally:
        repl.run("otadata.writeblocks(0, found)")
    assert [line for line in target.verdicts["partition"].skipped if "the way back" in line]


class Table:
    """Stands in for `esp32.Partition`. running: label of the one that runs; rows: label -> (type, subtype)."""

    TYPE_APP, TYPE_DATA, RUNNING, BOOT = 0, 1, "RUNNING", "BOOT"
    running, rows = "", {}

    def __init__(self, label):
        self.label = self.running if label in ("RUNNING", "BOOT") else label
        if self.label not in self.rows:
            raise OSError(2)

    @classmethod
    def find(cls, kind=0, subtype=255, label=None):
        return [cls(name) for name, (its, sub) in cls.rows.items()
                if its == kind and subtype in (255, sub) and label in (None, name)]

    def info(self):
        return (*self.rows[self.label], 0x10000, 0x100000, self.label, False)

    def get_next_update(self):
        slots = [name for name, row in self.rows.items() if row[0] == 0 and row[1] >= 0x10]
        following = slots.index(self.label) + 1 if self.label in slots else 0
        return type(self)(slots[following % len(slots)])


@pytest.mark.parametrize("running, rows, skipped", [
    ("ota_0", {"ota_0": (0, 0x10), "ota_1": (0, 0x11), "vfs": (1, 0x81)}, []),
    ("ota_0", {"ota_0": (0, 0x10), "ota_1": (0, 0x11), "ffat": (1, 0x81)}, ["the file system has a label"]),
    ("factory", {"factory": (0, 0), "ota_0": (0, 0x10), "ota_1": (0, 0x11), "vfs": (1, 0x81)},
     ["and its next one is the first"]),
    ("ota_0", {"ota_0": (0, 0x10), "ota_1": (0, 0x11), "ota_2": (0, 0x12), "vfs": (1, 0x81)},
     ["and its next one is the first"]),
], ids=["two slots", "ffat", "factory", "three slots"])
def test_what_a_table_does_not_have_is_skipped(monkeypatch, capsys, running, rows, skipped):
    """The script, not on a board, and of its facts those that are about the table."""
    monkeypatch.setitem(sys.modules, "esp32", types.SimpleNamespace(Partition=Table))
    monkeypatch.setattr(Table, "running", running)
    monkeypatch.setattr(Table, "rows", {"nvs": (1, 2), **rows})
    names = {}
    for script in ("verdict", "partition"):
        source = (SCRIPTS / f"{script}.py").read_text()
        exec(source.removesuffix("main()\n"), names)  # noqa: S102 - our own
    names["next_update"](names["look"]())
    heard = Verdicts()
    for line in capsys.readouterr().out.splitlines():
        heard.hear(line)
    assert [line.partition(":")[0] for line in heard.skipped] == skipped
    assert not [line for line in heard.failed if "unknown" not in line and "no label" not in line]


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
