"""Custom images, as far as a host can check them: tables, manifest, settings, sizes, and how a build is run."""

import re
import shutil
import subprocess

import pytest

from device_code import LIB
from tools import __main__ as cli
from tools.board import layout
from tools.firmware import boards, container, manifest, tables

ALL = boards.names()
MODULES = {file.relative_to(LIB).as_posix() for file in LIB.rglob("*.py")}
# An i386 MicroPython 1.28 with this agent frozen in was larger by 1.52 times the size of its .mpy files.
FROZEN_PER_MPY = 1.55
GROWTH = 1.03  # of MicroPython since the published sizes were taken


# --- tables

@pytest.mark.parametrize("name", ALL)
def test_a_table_has_what_an_update_needs_and_nvs_where_stock_firmware_has_it(name):
    board = boards.load(name)
    rows = {p.label: (p.address, p.size) for p in board.partitions}
    assert rows["nvs"] == (0x9000, 0x4000) and rows["otadata"] == (0xD000, 0x2000)
    assert rows["ota_0"][0] == 0x10000 and rows["ota_1"][0] == 0x10000 + board.slot_bytes
    assert board.file_system_bytes == board.flash_bytes - sum(rows["ota_1"])


@pytest.mark.parametrize("name", ALL)
def test_a_table_survives_the_chips_format(name):
    partitions = boards.load(name).partitions
    assert layout.unpack(layout.pack(partitions)) == partitions


ROWS = """# comment
nvs,      data, nvs,   0x9000,   16K
otadata,  data, ota,   0xd000,   0x2000,
phy_init, data, phy,   0xf000,   4096

ota_0,    app,  ota_0, 0x10000,  0x180000
ota_1,    app,  ota_1, 0x190000, 1536K
"""


def table(folder, text):
    path = folder / "partitions.csv"
    path.write_text(text)
    return tables.read(path)


def test_numbers_in_all_spellings(tmp_path):
    rows = table(tmp_path, ROWS)
    assert rows == layout.LAYOUT_4MIB_OTA[:5]
    tables.check(rows, 4 << 20)


@pytest.mark.parametrize(("old", "new", "told"), [
    ("0x190000", "0x180000", "overlaps"),
    ("0x9000", "0x8000", "nvs at 0x8000 overlaps"),
    ("0x10000, ", "0x11000, ", "ota_0: 0x11000"),
    ("16K", "16000", "nvs: .* not aligned"),
    ("1536K", "0x170000", "of one size"),
    ("1536K", "0x270000", "overlaps|left for the file system"),
    ("ota_1,    app,  ota_1, 0x190000, 1536K\n", "", "exactly two slots"),
    ("otadata,  data, ota,   0xd000,   0x2000,\n", "", "needs otadata"),
    ("phy_init", "nvs", "one name"),
])
def test_a_table_that_would_not_work_is_told(tmp_path, old, new, told):
    assert old in ROWS
    with pytest.raises(tables.TableError, match=told):
        tables.check(table(tmp_path, ROWS.replace(old, new)), 4 << 20)


@pytest.mark.parametrize(("old", "new", "told"), [
    ("data, nvs", "data, nvx", "unknown type or subtype 'nvx'"),
    ("app,  ota_0", "apple, ota_0", "'apple'"),
    ("0x2000,", "0x2000, encrypted", "flags"),
    ("4096", "", "invalid literal"),
    ("nvs,      data, nvs,   0x9000,   16K", "nvs, data", "not enough values"),
])
def test_a_row_that_cannot_be_read_is_told(tmp_path, old, new, told):
    assert old in ROWS
    with pytest.raises(tables.TableError, match=told):
        table(tmp_path, ROWS.replace(old, new))


# --- manifest

def test_all_of_the_agent_and_boot_are_frozen_and_the_users_main_is_not():
    frozen = manifest.read(boards.MANIFEST)
    assert frozen.files.keys() == MODULES | {"boot.py", "microdot.py"}
    assert "main.py" not in frozen.files
    assert all(source.samefile(LIB / name) for name, source in frozen.files.items() if name in MODULES)
    assert "$(PORT_DIR)/boards/manifest.py" in frozen.outside, "asyncio, ssl, ntptime and drivers come from the port"


def test_a_manifest_is_carried_out_as_micropython_does(tmp_path):
    (tmp_path / "lib" / "pack" / "sub").mkdir(parents=True)
    for name in ("pack/a.py", "pack/sub/b.py", "pack/notes.txt", "one.py"):
        (tmp_path / "lib" / name).write_text("")
    (tmp_path / "manifest.py").write_text('include("more.py")\npackage("pack", base_path="lib")\nrequire("dht")')
    (tmp_path / "more.py").write_text('metadata(version="1.0")\nmodule("one.py", base_path="lib", opt=3)')
    frozen = manifest.read(tmp_path)
    assert set(frozen.files) == {"one.py", "pack/a.py", "pack/sub/b.py"}
    assert frozen.outside == ["dht"]


@pytest.mark.parametrize("text", ['module("absent.py")', 'package("p", files=["absent.py"])',
                                  'module("manifest.py")\nmodule("manifest.py")'])
def test_what_a_manifest_cannot_freeze_is_told(tmp_path, text):
    (tmp_path / "manifest.py").write_text(text)
    with pytest.raises(manifest.ManifestError):
        manifest.read(tmp_path)


def test_the_frozen_agent_fits_the_slots():
    """By the sizes of published images without it; the build itself prints the real figure."""
    stock, agent = boards.pins().stock_app_bytes, boards.frozen_bytes() * FROZEN_PER_MPY
    for board in map(boards.load, ALL):
        expected = stock.get(board.chip, max(stock.values())) * GROWTH + agent
        assert expected < board.slot_bytes, f"{board.name}: {expected:.0f} bytes expected"


# --- settings

def settings_of(name):
    """The sdkconfig lines that a board adds to the port's; of two for one option the later one counts."""
    files = (boards.BOARDS / "sdkconfig.common", boards.BOARDS / name / "sdkconfig.board")
    lines = "\n".join(file.read_text() for file in files)
    return dict(re.findall(r"^CONFIG_(\w+)=(.*)$", lines, re.MULTILINE))


@pytest.mark.parametrize("name", ALL)
def test_settings_of_a_board(name):
    settings = settings_of(name)
    assert settings["BOOTLOADER_APP_ROLLBACK_ENABLE"] == "y"
    assert settings["PARTITION_TABLE_CUSTOM"] == "y"
    assert settings["APP_EXCLUDE_PROJECT_NAME_VAR"] == settings["APP_EXCLUDE_PROJECT_VER_VAR"] == "n"
    board = boards.load(name)
    assert settings[f"ESPTOOLPY_FLASHSIZE_{board.flash_bytes >> 20}MB"] == "y"
    assert "MICROPY_HW_BOARD_NAME" in (board.folder / "mpconfigboard.h").read_text()


@pytest.mark.parametrize("name", ALL)
def test_the_console_is_there_before_boot(name):
    """MicroPython 1.28's main.c starts TinyUSB, the choice for chips with USB OTG, after boot.py, which may stay."""
    board = boards.load(name)
    off = "#define MICROPY_HW_ENABLE_USBDEV (0)" in (board.folder / "mpconfigboard.h").read_text().splitlines()
    assert off or board.chip not in {"esp32s2", "esp32s3", "esp32p4"}
    # Without this switch the component is compiled all the same, and does not find its tusb_config.h.
    assert "MICROPY_PY_TINYUSB" not in (board.folder / "mpconfigboard.cmake").read_text()


@pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake here; a build brings its own")
@pytest.mark.parametrize("name", ALL)
def test_cmake_finds_every_file_of_a_board(name, tmp_path):
    (tmp_path / "ask.cmake").write_text(
        'include(${MICROPY_BOARD_DIR}/mpconfigboard.cmake)\n'
        'message("${IDF_TARGET}|${MICROPY_FROZEN_MANIFEST}|${SDKCONFIG_DEFAULTS}")\n')
    done = subprocess.run(["cmake", f"-DMICROPY_BOARD_DIR={boards.BOARDS / name}", "-P", "ask.cmake"], check=True,
                          cwd=tmp_path, capture_output=True, text=True)
    target, frozen, settings = done.stderr.strip().split("|")
    assert (target or "esp32", frozen) == (boards.load(name).chip, str(boards.MANIFEST))
    ours = [file for file in settings.split(";") if not file.startswith("boards/")]
    assert ours == [str(boards.BOARDS / "sdkconfig.common"), str(boards.BOARDS / name / "sdkconfig.board"),
                    str(tmp_path / "sdkconfig.xyte")]
    written = (tmp_path / "sdkconfig.xyte").read_text()
    assert f'CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="{boards.BOARDS / name / "partitions.csv"}"' in written
    assert re.search(r'^CONFIG_APP_PROJECT_VER="\d+\.\d+\.\d+"$', written, re.MULTILINE)


# --- the build

@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with no programs but those the test puts there: add(name, shell script)."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(container, "ROOT", tmp_path)

    def add(name, script):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    return add


def firmware(tmp_path, *words):
    return cli.main(["firmware", "XYTE_ESP32", "--out", str(tmp_path / "out"), *words])


def test_a_machine_without_containers_is_told_so(machine, tmp_path, capsys):
    assert firmware(tmp_path) == 1
    assert "no docker or podman here" in capsys.readouterr().err


def test_an_engine_that_is_not_running_is_told_so(machine, tmp_path, capsys):
    machine("docker", "exit 1")
    assert firmware(tmp_path) == 1
    assert "docker installed, but no engine answers" in capsys.readouterr().err


def test_an_engine_that_is_not_running_hides_none_that_is(machine):
    machine("docker", "exit 1")
    machine("podman", "exit 0")
    assert container.engine(None) == "podman"
    with pytest.raises(container.CannotBuild, match="see `docker info`"):
        container.engine("docker")


@pytest.mark.parametrize("engine, security, uid, option", [
    ("docker", "[name=seccomp,profile=builtin name=cgroupns]", 1000, "--user 1000:100"),
    ("docker", "[name=seccomp,profile=builtin name=rootless name=cgroupns]", 1000, ""),
    ("docker", "[]", 0, "--user 0:100"),
    ("podman", "", 1000, "--userns=keep-id"),
    ("podman", "", 0, ""),
])
def test_what_is_built_belongs_to_who_builds(machine, monkeypatch, tmp_path, capsys, engine, security, uid, option):
    machine("docker", f"echo '{security}'")
    monkeypatch.setattr(container.os, "getuid", lambda: uid)
    monkeypatch.setattr(container.os, "getgid", lambda: 100)
    assert firmware(tmp_path, "--dry-run", "--engine", engine) == 0
    build = capsys.readouterr().out.splitlines()[-1]
    assert build.startswith(f"{engine} run --rm {option} --security-opt label=disable".replace("  ", " "))


def test_a_dry_run_prints_the_steps_and_runs_none(machine, tmp_path, capsys):
    assert firmware(tmp_path, "--dry-run") == 0
    clone, make_folder, remove_settings, build = capsys.readouterr().out.splitlines()
    pins, out = boards.pins(), tmp_path / "out"
    assert pins.micropython_tag in clone and pins.container in build
    assert (make_folder, remove_settings) == (f"mkdir -p {out}", f"rm -f {out}/sdkconfig {out}/CMakeCache.txt")
    assert "BOARD_DIR=/xyte/firmware/boards/XYTE_ESP32" in build
    assert not out.exists()


@pytest.fixture
def builds(machine, tmp_path):
    """A machine whose git fetches the pinned commit, and whose engine makes an image of `size` bytes."""
    def configure(size, commit=None):
        machine("git", 'if [ "$1" = clone ]; then while [ $# -gt 1 ]; do shift; done; /bin/mkdir -p "$1"; '
                       f'else echo {commit or boards.pins().micropython_commit}; fi')
        machine("podman", '[ "$1" = info ] || '
                          f'/bin/dd if=/dev/zero of={tmp_path}/out/micropython.bin bs={size} count=1')
    return configure


def test_a_build_says_how_full_the_slot_is(builds, tmp_path, capfd):
    builds(size=1_500_000)
    assert firmware(tmp_path) == 0
    assert "1500000 of 1703936 bytes of the slot, 203936 left" in capfd.readouterr().out


def test_a_second_build_has_the_settings_of_today(builds, tmp_path):
    """ESP-IDF reads the last build's sdkconfig after the defaults, and configures anew when there is no cache."""
    builds(size=1)
    (tmp_path / "out").mkdir()
    for name in ("sdkconfig", "CMakeCache.txt", "build.ninja"):
        (tmp_path / "out" / name).write_text("of the last build")
    assert firmware(tmp_path) == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"build.ninja", "micropython.bin"}


def test_an_image_that_does_not_fit_is_a_failure(builds, tmp_path, capfd):
    builds(size=1_703_937)
    assert firmware(tmp_path) == 1
    assert "-1 left" in capfd.readouterr().out


def test_a_tag_that_was_moved_is_not_built(builds, tmp_path, capfd):
    builds(size=1, commit="0" * 40)
    assert firmware(tmp_path) == 1
    assert f"is at {'0' * 40}, firmware/versions.toml wants" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_unknown_board_is_told_what_there_is(capsys):
    assert cli.main(["firmware", "XYTE_ESP8266"]) == 1
    assert "XYTE_ESP32_S3" in capsys.readouterr().err


def test_the_list_names_every_board(capsys):
    assert cli.main(["firmware"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in ALL) and boards.pins().micropython_tag in told
