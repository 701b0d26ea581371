"""The boot chain: which slot starts after what, and with power cut in every write of a boot record."""

import itertools

import pytest
from board_lab import firmware

from tools.board import bootloader, layout, otadata
from tools.board.esp_err import OTA_VALIDATE_FAILED, EspError, PowerCut
from tools.board.flash import Flash
from tools.board.layout import LAYOUT_4MIB_OTA as TABLE
from tools.board.ota import Ota
from tools.board.otadata import ABORTED, INVALID, NEW, PENDING_VERIFY, UNDEFINED, VALID

OTADATA = layout.find(TABLE, "otadata").address
SLOTS = [layout.find(TABLE, "ota_0"), layout.find(TABLE, "ota_1")]
ERASED = None


class Bench:
    """A flash with images in both slots, and the two codes that work on its boot records."""

    def __init__(self, folder, *, good=(True, True), cut_after=None, seed=0):
        self.path = folder / "flash.bin"
        Flash.create(self.path)
        flash = Flash(self.path)
        flash.program(layout.TABLE_ADDRESS, layout.pack(TABLE))
        for slot, is_good in zip(SLOTS, good, strict=True):
            if is_good:
                flash.program(slot.address, firmware(slot.label))
        self.supply(cut_after, seed)

    def supply(self, cut_after=None, seed=0):
        """Power, until it is cut."""
        self.flash = Flash(self.path, cut_after=cut_after, seed=seed)
        self.ota = Ota(self.flash, TABLE)

    def put(self, *records):
        for index, record in enumerate(records):
            if record is not ERASED:
                otadata.write(self.flash, OTADATA, index, otadata.fresh(*record))

    def boot(self):
        return bootloader.boot(self.flash).slot.label

    def records(self):
        return [ERASED if r.sequence == 0xFFFFFFFF else (r.sequence, r.state)
                for r in otadata.read(self.flash, OTADATA)]


# records before -> slot, records after; as bootloader_utility.c has it for two slots and no factory
@pytest.mark.parametrize("before, slot, after", [
    ((ERASED, ERASED), "ota_0", [(1, VALID), ERASED]),
    (((1, VALID), ERASED), "ota_0", [(1, VALID), ERASED]),
    (((1, VALID), (2, NEW)), "ota_1", [(1, VALID), (2, PENDING_VERIFY)]),
    (((1, VALID), (2, PENDING_VERIFY)), "ota_0", [(1, VALID), (2, ABORTED)]),
    (((1, VALID), (2, VALID)), "ota_1", [(1, VALID), (2, VALID)]),
    (((3, VALID), (2, VALID)), "ota_0", [(3, VALID), (2, VALID)]),
    (((1, VALID), (2, INVALID)), "ota_0", [(1, VALID), (2, INVALID)]),
    (((1, VALID), (2, ABORTED)), "ota_0", [(1, VALID), (2, ABORTED)]),
    (((1, VALID), (2, UNDEFINED)), "ota_1", [(1, VALID), (2, UNDEFINED)]),
    (((2, ABORTED), (2, NEW)), "ota_1", [(2, ABORTED), (2, PENDING_VERIFY)]),
    (((2, ABORTED), (2, PENDING_VERIFY)), "ota_0", [(2, ABORTED), (2, ABORTED)]),
    (((2, PENDING_VERIFY), (2, NEW)), "ota_1", [(2, ABORTED), (2, PENDING_VERIFY)]),
    (((3, ABORTED), (2, VALID)), "ota_1", [(3, ABORTED), (2, VALID)]),
    (((2, NEW), (2, NEW)), "ota_1", [(2, PENDING_VERIFY), (2, NEW)]),
    ((ERASED, (4, NEW)), "ota_1", [ERASED, (4, PENDING_VERIFY)]),
])
def test_choice(tmp_path, before, slot, after):
    bench = Bench(tmp_path)
    bench.put(*before)
    assert bench.boot() == slot
    assert bench.records() == after


def test_wrong_crc_counts_as_unwritten(tmp_path):
    bench = Bench(tmp_path)
    bench.put((1, VALID), (2, VALID))
    bench.flash.program(OTADATA + 4096 + 28, bytes(4))
    assert bench.boot() == "ota_0"


@pytest.mark.parametrize("good, slot", [((False, True), "ota_1"), ((True, False), "ota_0")])
def test_bad_image_falls_through_to_the_other_slot(tmp_path, good, slot):
    for before in [(ERASED, ERASED), ((1, VALID), ERASED), ((1, VALID), (2, VALID))]:
        bench = Bench(tmp_path, good=good)
        bench.put(*before)
        assert bench.boot() == slot


def test_first_boot_names_the_slot_that_started(tmp_path):
    bench = Bench(tmp_path, good=(False, True))
    assert bench.boot() == "ota_1"
    assert bench.records() == [(2, VALID), ERASED]


def test_no_image_at_all(tmp_path):
    with pytest.raises(bootloader.NoBootableImage):
        Bench(tmp_path, good=(False, False)).boot()


def test_normal_update_confirmed(tmp_path):
    bench = Bench(tmp_path)
    bench.boot()
    bench.ota.set_boot(SLOTS[1])
    assert bench.records() == [(1, VALID), (2, NEW)]
    assert bench.boot() == "ota_1"
    bench.ota.mark_valid()
    assert [bench.boot() for _ in range(3)] == ["ota_1"] * 3


def test_normal_update_not_confirmed_rolls_back(tmp_path):
    bench = Bench(tmp_path)
    bench.boot()
    bench.ota.set_boot(SLOTS[1])
    assert [bench.boot() for _ in range(3)] == ["ota_1", "ota_0", "ota_0"]


def test_doubled_set_boot_from_ota_0(tmp_path):
    """Two failing boots of the new image, then ota_0 only because it is the default."""
    bench = Bench(tmp_path)
    bench.boot()
    bench.ota.set_boot(SLOTS[1])
    bench.ota.set_boot(SLOTS[1])
    assert bench.records() == [(2, NEW), (2, NEW)]
    assert [bench.boot() for _ in range(4)] == ["ota_1", "ota_1", "ota_0", "ota_0"]


def test_doubled_set_boot_from_ota_1_never_comes_back(tmp_path):
    """Both records are aborted and the default is the bad image, for ever."""
    bench = Bench(tmp_path)
    bench.put((1, VALID), (2, VALID))
    assert bench.boot() == "ota_1"
    bench.ota.set_boot(SLOTS[0])
    bench.ota.set_boot(SLOTS[0])
    assert [bench.boot() for _ in range(5)] == ["ota_0"] * 5
    assert bench.records() == [(3, ABORTED), (3, ABORTED)]


def test_undo_by_set_boot_of_the_running_slot_boots_the_rejected_image(tmp_path):
    bench = Bench(tmp_path)
    bench.boot()
    bench.ota.set_boot(SLOTS[1])
    bench.ota.set_boot(SLOTS[0])
    assert [bench.boot() for _ in range(2)] == ["ota_0", "ota_1"]


def test_set_boot_refuses_a_bad_image_and_changes_nothing(tmp_path):
    bench = Bench(tmp_path, good=(True, False))
    bench.boot()
    operations = bench.flash.operations
    with pytest.raises(EspError) as caught:
        bench.ota.set_boot(SLOTS[1])
    assert caught.value.code == OTA_VALIDATE_FAILED
    assert bench.flash.operations == operations


def test_boot_partition(tmp_path):
    bench = Bench(tmp_path)
    assert bench.ota.boot_partition() == SLOTS[0]
    bench.boot()
    bench.ota.set_boot(SLOTS[1])
    assert bench.ota.boot_partition() == SLOTS[1]


def test_slots_alternate_over_many_updates(tmp_path):
    bench = Bench(tmp_path)
    bench.boot()
    for number in range(1, 12):
        bench.ota.set_boot(SLOTS[number % 2])
        assert bench.boot() == f"ota_{number % 2}"
        bench.ota.mark_valid()
        assert bench.boot() == f"ota_{number % 2}"


def test_cut_in_every_operation_of_a_confirmed_update(tmp_path):
    """After any cut the board boots, and settles on one of the two images."""
    operations = update(Bench(tmp_path))
    for cut, seed in itertools.product(range(1, operations + 1), range(6)):
        bench = Bench(tmp_path, cut_after=cut, seed=seed)
        with pytest.raises(PowerCut):
            update(bench)
        bench.supply()
        assert bench.boot() in ("ota_0", "ota_1"), (cut, seed)
        settled = [bench.boot() for _ in range(3)]
        assert len(set(settled)) == 1, (cut, seed, settled)


def update(bench):
    bench.boot()
    bench.ota.set_boot(SLOTS[1])
    bench.boot()
    bench.ota.mark_valid()
    bench.boot()
    return bench.flash.operations
