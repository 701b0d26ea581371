"""NOR rules, counting, and what a torn operation leaves."""

import pytest
from board_lab import new_flash

from tools.board.esp_err import PowerCut
from tools.board.flash import SECTOR
from tools.board.layout import LAYOUT_4MIB_OTA, LayoutError, pack, unpack


def test_program_only_clears_bits(tmp_path):
    flash = new_flash(tmp_path)
    flash.program(10, b"\xf0\x0f")
    flash.program(10, b"\x3c\xff")
    assert flash.read(9, 4) == b"\xff\x30\x0f\xff"


def test_erase_takes_whole_sectors(tmp_path):
    flash = new_flash(tmp_path)
    flash.program(SECTOR - 2, bytes(4))
    flash.erase(SECTOR)
    assert flash.read(SECTOR - 2, 4) == b"\0\0\xff\xff"
    assert flash.erases == {1: 1}


def test_operations_are_counted(tmp_path):
    flash = new_flash(tmp_path)
    flash.program(0, bytes(100))
    flash.erase(0, 3 * SECTOR)
    assert (flash.operations, flash.programs) == (4, 1)


def test_it_is_on_disk(tmp_path):
    new_flash(tmp_path).program(5, b"\0")
    assert (tmp_path / "flash.bin").read_bytes()[:7] == b"\xff" * 5 + b"\0\xff"


@pytest.mark.parametrize("seed", range(50))
def test_torn_program_is_the_new_start_and_the_old_rest(tmp_path, seed):
    flash = new_flash(tmp_path, cut_after=2, seed=seed)
    old, new = b"\xff\xf0" * 32, bytes(range(64))
    flash.program(0, old)
    with pytest.raises(PowerCut):
        flash.program(0, new)
    whole = bytes(a & b for a, b in zip(old, new, strict=True))
    found = flash.read(0, 64)
    differs = [i for i in range(64) if found[i] != whole[i]]
    edge = differs[0] if differs else 64
    assert found[edge + 1 :] == old[edge + 1 :]
    assert found != whole or new[63] == old[63] or edge == 64
    assert flash.read(64, 10) == b"\xff" * 10


@pytest.mark.parametrize("seed", range(20))
def test_torn_erase_has_a_blank_or_cleared_start(tmp_path, seed):
    flash = new_flash(tmp_path, cut_after=2, seed=seed)
    flash.program(0, b"\x5a" * SECTOR)
    with pytest.raises(PowerCut):
        flash.erase(0)
    found = flash.read(0, SECTOR)
    assert found.lstrip(found[:1] if found[0] != 0x5A else b"").strip(b"\x5a") == b""
    assert flash.operations == 2


def test_same_seed_same_wreck(tmp_path):
    wrecks = set()
    for _ in range(3):
        flash = new_flash(tmp_path, cut_after=1, seed=3)
        with pytest.raises(PowerCut):
            flash.program(0, bytes(4096))
        wrecks.add(flash.read(0, 4096))
    assert len(wrecks) == 1


def test_partition_table_round_trip():
    table = pack(LAYOUT_4MIB_OTA)
    assert unpack(table + b"\xff" * 100) == LAYOUT_4MIB_OTA


def test_broken_partition_table():
    table = bytearray(pack(LAYOUT_4MIB_OTA))
    table[5] ^= 1
    with pytest.raises(LayoutError, match="MD5"):
        unpack(bytes(table))
    with pytest.raises(LayoutError, match="no partition table"):
        unpack(b"\xff" * 0xC00)
