"""The boards that images are built for, and the versions they are built from: firmware/, read."""

from __future__ import annotations

import re
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT, build
from tools.board.layout import Partition
from tools.firmware import manifest, tables

FIRMWARE = ROOT / "firmware"
BOARDS = FIRMWARE / "boards"
MANIFEST = FIRMWARE / "manifest.py"
_MIB = 1024 * 1024


class BoardNotThere(ValueError):
    """There is no such board; the text names those that there are."""


@dataclass(frozen=True)
class Pins:
    """Exact versions. container: image with ESP-IDF in it. stock_app_bytes: chip -> image without the agent."""

    micropython_url: str
    micropython_tag: str
    micropython_commit: str
    idf_version: str
    container: str
    stock_app_bytes: dict[str, int]


@dataclass(frozen=True)
class FirmwareBoard:
    """A folder in firmware/boards. chip: ESP-IDF's name of it."""

    name: str
    folder: Path
    chip: str
    flash_bytes: int
    partitions: tuple[Partition, ...]

    @property
    def slot_bytes(self) -> int:
        """Room for one application image."""
        return next(p.size for p in self.partitions if p.is_slot)

    @property
    def file_system_bytes(self) -> int:
        return tables.file_system_bytes(self.partitions, self.flash_bytes)


def pins() -> Pins:
    """Read firmware/versions.toml."""
    table = tomllib.loads((FIRMWARE / "versions.toml").read_text())
    source, idf = table["micropython"], table["esp_idf"]
    return Pins(source["url"], source["tag"], source["commit"], idf["version"], idf["container"],
                table["stock_app_bytes"])


def names() -> list[str]:
    return sorted(folder.name for folder in BOARDS.iterdir() if folder.is_dir())


def load(name: str) -> FirmwareBoard:
    """Read one board's folder. Raises BoardNotThere, tables.TableError, OSError."""
    if name not in names():
        raise BoardNotThere(f"no board {name!r}: there are {', '.join(names())}")
    folder = BOARDS / name
    target = re.search(r"set\(IDF_TARGET (\w+)\)", (folder / "mpconfigboard.cmake").read_text())
    size = re.search(r"^CONFIG_ESPTOOLPY_FLASHSIZE_(\d+)MB=y$", (folder / "sdkconfig.board").read_text(), re.MULTILINE)
    if size is None:
        raise tables.TableError(f"{folder / 'sdkconfig.board'}: says no flash size")
    found = FirmwareBoard(name, folder, target[1] if target else "esp32", int(size[1]) * _MIB,
                          tables.read(folder / "partitions.csv"))
    tables.check(found.partitions, found.flash_bytes)
    return found


def frozen_bytes() -> int:
    """Bytes of bytecode that the manifest adds to an image. Raises build.BuildError, manifest.ManifestError."""
    with tempfile.TemporaryDirectory() as scratch:
        total = 0
        for name, source in manifest.read(MANIFEST).files.items():
            target = Path(scratch, name).with_suffix(".mpy")
            build.compile_file(source, target, Path(name).name)
            total += target.stat().st_size
        return total
