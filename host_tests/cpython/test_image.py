"""The application image: what we make, the chip's checks, and Espressif's own reading of it."""

import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import image
from tools.update import describe
from tools.update.describe import CHIPS
from xyte.core import app_image
from xyte.errors import CommandError

PAYLOAD = bytes(range(256)) * 40 + b"end"


@given(st.binary(max_size=5000))
def test_what_is_made_can_be_parsed(payload):
    made = image.make(payload, version="1.2.3")
    parsed = image.parse(made + b"\xff" * 100)
    assert (parsed.version, parsed.project, parsed.chip_id) == ("1.2.3", "xyte-agent", image.CHIP_ESP32)
    assert made[parsed.payload_offset :][: len(payload)] == payload
    assert parsed.payload_offset % 4096 == 0
    assert parsed.size == len(made)


@pytest.mark.parametrize("chip", CHIPS)
def test_each_chip_has_its_own_windows_on_flash(tmp_path, chip):
    file = tmp_path / "app.bin"
    made = image.make(PAYLOAD, version="7.8.9", chip_id=chip)
    file.write_bytes(made)
    assert image.parse(made, chip_id=chip).chip_id == chip
    report = subprocess.run([sys.executable, "-m", "esptool", "image-info", file],
                            capture_output=True, text=True, check=True).stdout
    assert f"Chip ID: {chip} " in report and "DROM" in report and "IROM" in report
    moved = bytearray(made)
    moved[25] += 1  # the address of the first segment, by 256 bytes
    with pytest.raises(image.ImageError, match="doesn't match"):
        image.parse(bytes(moved), chip_id=chip)


def test_the_board_has_the_same_names_for_chips():
    heads = {chip: image.make(b"", version="1", chip_id=chip) for chip in CHIPS}
    assert {chip: app_image.chip_of(head) for chip, head in heads.items()} == CHIPS


def test_two_chips_that_nobody_knows_are_not_the_same():
    one, other = (bytearray(image.make(b"", version="1")) for _ in range(2))
    one[12], other[12] = 98, 99
    assert app_image.chip_of(one) == describe.chip_and_project(bytes(one))[0] == "chip 98"
    app_image.check(one, one)
    with pytest.raises(CommandError, match="wrong chip: the image is for chip 98, this is chip 99"):
        app_image.check(one, other)


def test_stock_firmware_and_an_image_of_ours_are_no_updates_for_each_other():
    stock, ours = (image.make(b"", version="1", project=project) for project in ("", "micropython"))
    for head, running in ((stock, ours), (ours, stock)):
        with pytest.raises(CommandError, match="wrong project"):
            app_image.check(head, running)


@pytest.mark.parametrize("chip", CHIPS)
def test_pages_are_as_large_as_the_description_says(chip):
    """Code moved by 32 KiB: whole pages where the chip's MMU can have such and the image says so."""
    made = bytearray(image.make(PAYLOAD, version="7.8.9", chip_id=chip))
    code = image.parse(bytes(made), chip_id=chip).segments[1]
    struct.pack_into("<I", made, code.offset - 8, code.load_address + 0x8000)
    with pytest.raises(image.ImageError, match="doesn't match"):
        image.parse(bytes(made), chip_id=chip)
    made[212] = 15
    with pytest.raises(image.ImageError, match="checksum" if chip in {12, 13, 16, 20} else "doesn't match"):
        image.parse(bytes(made), chip_id=chip)


def test_code_in_ram_lies_where_it_likes():
    """An ESP32-C3's RAM for code begins within the ESP32's window on flash."""
    made = bytearray(image.make(PAYLOAD, version="1.2.3", chip_id=5))
    size = struct.unpack_from("<I", made, 28)[0]
    struct.pack_into("<I", made, 32 + size, 0x40380000 + 4)
    with pytest.raises(image.ImageError, match="SHA-256"):
        image.parse(bytes(made), chip_id=5)


def test_same_input_same_bytes():
    assert image.make(PAYLOAD, version="1") == image.make(PAYLOAD, version="1")


def test_esptool_reads_it(tmp_path):
    file = tmp_path / "app.bin"
    file.write_bytes(image.make(PAYLOAD, version="7.8.9"))
    report = subprocess.run([sys.executable, "-m", "esptool", "image-info", file],
                            capture_output=True, text=True, check=True).stdout
    assert "App version: 7.8.9" in report
    assert "Project name: xyte-agent" in report
    assert "Chip ID: 0 (ESP32)" in report
    checksum, sha256 = (line for line in report.splitlines() if line.startswith(("Checksum", "Validation")))
    assert checksum.endswith("(valid)") and sha256.endswith("(valid)")


def test_every_single_wrong_byte_is_noticed():
    made = image.make(PAYLOAD, version="1.2.3")
    for at in [*range(400), *range(400, len(made), 97), *range(len(made) - 40, len(made))]:
        broken = bytearray(made)
        broken[at] ^= 0x10
        with pytest.raises(image.ImageError):
            image.parse(bytes(broken))


def test_every_shorter_image_is_refused():
    made = image.make(PAYLOAD, version="1.2.3")
    for size in [0, 1, 23, 24, 31, 32, 4095, 4096, len(made) - 33, len(made) - 1]:
        with pytest.raises(image.ImageError):
            image.parse(made[:size])


@pytest.mark.parametrize("data, reason", [
    (b"\xff" * 4096, "magic"),
    (image.make(PAYLOAD, version="1", chip_id=9), "chip ID"),
    (bytes([image.MAGIC, 17]) + bytes(100), "segment count"),
])
def test_reasons(data, reason):
    with pytest.raises(image.ImageError, match=reason):
        image.parse(data)


def test_misplaced_segment_is_refused():
    made = bytearray(image.make(PAYLOAD, version="1"))
    made[24] ^= 4  # load address of the first segment: no longer congruent with its place on flash
    with pytest.raises(image.ImageError, match="doesn't match"):
        image.parse(bytes(made))


def test_names_that_do_not_fit():
    with pytest.raises(image.ImageError, match="31 bytes"):
        image.make(b"", version="1" * 32)
