"""`tools flash`: taking a combined image apart, and writing it to a virtual chip with the real esptool."""

import contextlib
import socket
import subprocess
import sys

import pytest

from combined_image import combined_bin
from command_line import tools
from plugged import Plugged
from tools import build, image
from tools.board import layout, otadata
from tools.board.flash import Flash
from tools.board.layout import LAYOUT_4MIB_OTA, Partition
from tools.board.rom_loader import RomLoader, framed
from tools.board.virtual import VirtualBoard
from tools.serial import combined, flasher

SINGLE = (Partition("nvs", 1, 2, 0x9000, 0x6000), Partition("phy_init", 1, 1, 0xF000, 0x1000),
          Partition("factory", 0, 0, 0x10000, 0x1F0000))
ELSEWHERE = (Partition("nvs", 1, 2, 0x9000, 0x4000), Partition("otadata", 1, 0, 0xD000, 0x2000),
             Partition("phy_init", 1, 1, 0xF000, 0x1000), Partition("ota_0", 0, 16, 0x10000, 0x180000),
             Partition("ota_1", 0, 17, 0x190000, 0x180000), Partition("vfs", 1, 0x81, 0x320000, 0xE0000))


def flashed(plugged, tmp_path, data, *options):
    """Run the command on a board in download mode."""
    (tmp_path / "combined.bin").write_bytes(data)
    plugged.wait("--- download mode ---")
    return tools("flash", "--port", plugged.url, "--micropython", tmp_path / "combined.bin", *options)


def is_prompt(line):
    return line.startswith("MicroPython v")


def region(board, label):
    place = layout.find(LAYOUT_4MIB_OTA, label)
    return (board.folder / "flash.bin").read_bytes()[place.address : place.address + place.size]


def test_the_gap_with_nvs_is_no_part():
    data = combined_bin()
    found = combined.parse(data)
    assert found.chip == "esp32" and found.end == 0x400000
    assert [(part.address, len(part.data)) for part in found.parts] == [
        (0x1000, 4144), (0x8000, 4096), (0xD000, 8192), (0x10000, 4144)]
    nvs = layout.find(found.partitions, "nvs")
    for part in found.parts:
        assert part.address >= nvs.address + nvs.size or part.address + len(part.data) <= nvs.address
        if part.address != 0xD000:
            assert data[part.address - 0x1000 :][: len(part.data)].ljust(len(part.data), b"\xff") == part.data
    assert found.parts[2].data == b"\xff" * 8192, "an erased boot choice is ota_0"


@pytest.mark.parametrize(("data", "reason"), [
    (combined_bin(table=SINGLE), "OTA in it"),
    (combined_bin(table=SINGLE, chip=9), "MicroPython offers no such download for this chip"),
    (build.stock_firmware("1.0.0") + bytes(70000), "not MicroPython's combined .bin"),
    (build.stock_firmware("1.0.0"), "too short"),
    (b"<!DOCTYPE html><html>", "an HTML page"),
    (b"PK\3\4" + bytes(70000), "a ZIP archive"),
    (b"", "it begins with nothing"),
    (combined_bin()[:-60] + b"?" + combined_bin()[-59:], "application: damaged"),
    (combined_bin()[:100] + b"?" + combined_bin()[101:], "bootloader: damaged"),
    (combined_bin(image.make(bytes(9000), version="1.26.0"))[:-2000], "application: "),
])
def test_other_files_are_told_what_they_are(data, reason):
    with pytest.raises(combined.CombinedError, match=reason):
        combined.parse(data)


@pytest.mark.parametrize("cut", [1, 2, 16, 31, 32, 33, 40, 48, 64, 4000, 4100, 4120, 4136, 4143])
def test_an_image_that_was_cut_is_told_of(cut):
    with pytest.raises(combined.CombinedError):
        combined.parse(combined_bin(image.make(bytes(9000), version="1.26.0"))[:-cut])


def test_noise_in_an_image_is_told_of():
    good = combined_bin()
    for at in [*range(1, 64), *range(0x7000, 0x7000 + 160), *range(0xF000, 0xF000 + 64)]:
        for value in (0, 0x80, 0xFF):
            with contextlib.suppress(combined.CombinedError):
                combined.parse(good[:at] + bytes([value]) + good[at + 1:])


def test_identity_settings_and_files_outlive_flashing(tmp_path):
    board = VirtualBoard.create(tmp_path / "b", entry_url="http://127.0.0.1:1", hardware_key="k", sn="1",
                                main=b"import esp32\nesp32.NVS('xyte').set_blob('identity', b'id')\nprint('kept')\n")
    board.run(20, until=lambda line: line == "kept")
    flash = Flash(board.folder / "flash.bin")
    flash.program(0x190000, flash.read(0x10000, 0x180000))  # an update has gone to ota_1 and was confirmed
    otadata.write(flash, 0xD000, 1, otadata.fresh(2, otadata.VALID))
    flash.close()
    kept = {label: region(board, label) for label in ("nvs", "vfs", "phy_init", "ota_1")}
    with Plugged(board, download=True) as plugged:
        done = flashed(plugged, tmp_path, combined_bin())
        assert done.returncode == 0, done
        assert "not restarted: press EN" in done.stdout
    assert {label: region(board, label) for label in kept} == kept
    result = board.run(20, until=lambda line: line == "kept")
    assert (result.boots[0].slot, result.boots[0].version) == ("ota_0", "1.26.0")


def test_power_that_fails_while_a_blank_chip_is_written_does_no_lasting_harm(tmp_path):
    board = VirtualBoard.create_stock(tmp_path / "b")
    Flash.create(board.folder / "flash.bin")
    with Plugged(board, download=True, cut_after=6) as plugged:
        failed = flashed(plugged, tmp_path, combined_bin())
        assert failed.returncode == 1 and "half written (" in failed.stderr and "run it again" in failed.stderr, failed
        plugged.wait("power cut in flash operation 6")
    with Plugged(board, download=True) as plugged:
        done = flashed(plugged, tmp_path, combined_bin())
        assert done.returncode == 0, done
    assert any(line.startswith("MicroPython v") for line in board.run(20, until=is_prompt).lines)


def test_a_board_in_use_is_reset_into_download_mode_and_back(tmp_path):
    """By DTR and RTS; nothing is written."""
    with Plugged(VirtualBoard.create_stock(tmp_path / "b")) as plugged:
        (tmp_path / "combined.bin").write_bytes(combined_bin())
        plugged.wait("MicroPython v")
        done = tools("flash", "--port", plugged.rfc2217_url, "--micropython", tmp_path / "combined.bin", "--dry-run",
                     "--baud", "115200")
        assert done.returncode == 0, done
        assert "would write    0x10000      4144 bytes  application, into ota_0" in done.stdout
        plugged.wait("boot 2: PWRON_RESET")
    assert [line for line in plugged.lines if "download" in line] == ["--- download mode ---"]


def test_a_board_that_is_refused_runs_again(tmp_path):
    with Plugged(VirtualBoard.create_stock(tmp_path / "b")) as plugged:
        (tmp_path / "combined.bin").write_bytes(combined_bin(chip=9))
        plugged.wait("MicroPython v")
        done = tools("flash", "--port", plugged.rfc2217_url, "--micropython", tmp_path / "combined.bin",
                     "--baud", "115200")
        assert done.returncode == 1 and "the chip is an ESP32" in done.stderr, done
        plugged.wait("boot 2: PWRON_RESET")


def test_ctrl_c_while_it_is_written(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(flasher, "write_flash", interrupted)
    with pytest.raises(flasher.HalfWrittenError, match=r"half written \(interrupted\): run it again"):
        flasher.write(None, combined.parse(combined_bin()), False, lambda text: None)


def test_what_would_be_lost_needs_erase(tmp_path):
    board = VirtualBoard.create(tmp_path / "b", entry_url="http://127.0.0.1:1", hardware_key="k", sn="1", main=b"")
    before = (board.folder / "flash.bin").read_bytes()
    with Plugged(board, download=True) as plugged:
        refused = flashed(plugged, tmp_path, combined_bin(table=ELSEWHERE))
        assert refused.returncode == 1 and "file system would lie elsewhere and be lost" in refused.stderr
        refused = flashed(plugged, tmp_path, combined_bin(chip=9))
        assert refused.returncode == 1 and "the file is for esp32s3, the chip is an ESP32" in refused.stderr
        assert (board.folder / "flash.bin").read_bytes() == before
        done = flashed(plugged, tmp_path, combined_bin(table=ELSEWHERE), "--erase")
        assert done.returncode == 0, done
    assert region(board, "nvs") == b"\xff" * 0x4000
    assert b"settings.json" not in (board.folder / "flash.bin").read_bytes()


@pytest.mark.parametrize(("port", "reason"), [
    ("socket://127.0.0.1:1", "cannot be opened: Connection refused"),
    ("/dev/no-such-port", "cannot be opened: No such file or directory"),
])
def test_no_port_to_flash_through(tmp_path, port, reason):
    (tmp_path / "combined.bin").write_bytes(combined_bin())
    failed = tools("flash", "--port", port, "--micropython", tmp_path / "combined.bin")
    assert failed.returncode == 1 and reason in failed.stderr and "Traceback" not in failed.stderr


def test_no_chip_in_download_mode(tmp_path):
    (tmp_path / "combined.bin").write_bytes(combined_bin())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failed = tools("flash", "--port", f"socket://127.0.0.1:{silent.getsockname()[1]}", "--micropython",
                       tmp_path / "combined.bin")
    assert failed.returncode == 1 and "no chip in download mode (Failed to connect to" in failed.stderr, failed
    assert len(failed.stderr.splitlines()) == 1


def test_the_roms_own_commands_without_stub(tmp_path):
    board = VirtualBoard.create_stock(tmp_path / "b")
    (tmp_path / "data").write_bytes(bytes(range(256)) * 20)
    with Plugged(board, download=True) as plugged:
        plugged.wait("--- download mode ---")
        esptool = [sys.executable, "-m", "esptool", "--port", plugged.url, "--before", "no-reset",
                   "--after", "no-reset", "--no-stub"]
        written = subprocess.run([*esptool, "write-flash", "0x200000", tmp_path / "data"], capture_output=True,
                                 text=True, check=False)
        assert written.returncode == 0 and "Hash of data verified" in written.stdout, written.stdout
        read = subprocess.run([*esptool, "read-flash", "0x200000", "100", tmp_path / "read"], capture_output=True,
                              text=True, check=False)
        assert read.returncode == 0, read.stdout
    assert (tmp_path / "read").read_bytes() == bytes(range(100))
    assert (board.folder / "flash.bin").read_bytes()[0x200000:][:5120] == bytes(range(256)) * 20


def test_what_the_loader_refuses(tmp_path):
    Flash.create(tmp_path / "flash.bin", 0x10000)
    loader = RomLoader(Flash(tmp_path / "flash.bin"), bytes(6))
    assert loader.received(framed(b"\0\xd0\0\0" + bytes(4)))[-5:-3] == b"\1\5", "the stub's command, without stub"
    begin = b"\0\2\x10\0" + bytes(4) + (4096).to_bytes(4, "little") + bytes(12)
    assert loader.received(framed(begin))[-5:-3] == b"\0\0"
    wrong = b"\0\3\x12\0" + bytes(4) + bytes(16) + b"ab"
    assert loader.received(framed(wrong))[-5:-3] == b"\1\7", "the checksum"
    assert loader.received(b"garbage\xc0\xc0\xc0") == b""
