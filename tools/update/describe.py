"""What a payload is, told from its bytes alone: an ESP32 application image, an application, or neither."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from tools import image
from tools.semver import is_semver
from tools.update import payload
from tools.update.payload import PayloadError

FIRMWARE = "firmware"
APPLICATION = "application"
ANY_CHIP = "any"

# esp_chip_id_t of ESP-IDF's esp_app_format.h
CHIPS = {0: "esp32", 2: "esp32s2", 5: "esp32c3", 9: "esp32s3", 12: "esp32c2", 13: "esp32c6", 16: "esp32h2",
         18: "esp32p4", 20: "esp32c61", 23: "esp32c5"}

_HEAD_BYTES = 112  # image header, header of the first segment, description up to the project's name
# The partition table of a whole flash. MicroPython's download for the ESP32 begins at 0x1000, with the bootloader.
_TABLE_ADDRESSES, _TABLE_MAGIC, _ENTRY_BYTES = (0x8000, 0x7000), b"\xaa\x50", 32


@dataclass(frozen=True)
class Description:
    """A payload that is whole in itself. Sizes in bytes; `size` and `sha256` (hex) are of the unpacked payload.

    chip: "any" for an application. project: of a firmware's description, "" for an application.
    files: path and size of what is in an application.
    """

    kind: str
    version: str
    chip: str
    size: int
    sha256: str
    project: str = ""
    files: tuple[tuple[str, int], ...] = ()
    stored_size: int = 0
    compressed: bool = False


def describe(data: bytes) -> Description:
    """Parse a payload, gzip or not. Raises PayloadError, which says what the data is instead, or what is damaged."""
    compressed = data.startswith(payload.GZIP_MAGIC)
    plain = payload.uncompressed(data)
    common = {
        "size": len(plain),
        "sha256": hashlib.sha256(plain).hexdigest(),
        "stored_size": len(data),
        "compressed": compressed,
    }
    if kind_of(plain) == FIRMWARE:
        found = _image(plain)
        return Description(FIRMWARE, found.version, _chip(found.chip_id), project=found.project, **common)
    files = payload.files_in(plain)
    sizes = tuple((path, len(content)) for path, content in files.items())
    return Description(APPLICATION, _version_file(files), ANY_CHIP, files=sizes, **common)


def kind_of(plain: bytes) -> str:
    """FIRMWARE or APPLICATION, by the first bytes of an unpacked payload. Raises PayloadError for anything else."""
    if plain[:1] == bytes([image.MAGIC]) and not _is_whole_flash(plain):  # which may begin with a bootloader's image
        return FIRMWARE
    if plain[257:262] == b"ustar":
        return APPLICATION
    raise PayloadError(_what_else(plain))


def chip_and_project(plain: bytes) -> tuple[str, str]:
    """What the head of an image says, whether or not the rest of it is sound: all that a board sees at first."""
    head = plain[:_HEAD_BYTES].ljust(_HEAD_BYTES, b"\0")
    return _chip(struct.unpack_from("<H", head, 12)[0]), head[80:].split(b"\0")[0].decode(errors="replace")


def _chip(chip_id: int) -> str:
    return CHIPS.get(chip_id, f"chip {chip_id}")


def _image(data: bytes) -> image.Image:
    try:
        return image.parse(data, chip_id=struct.unpack_from("<H", data.ljust(14, b"\0"), 12)[0])
    except image.ImageError as error:
        raise PayloadError(f"damaged image: {error}") from None


def _version_file(files: dict[str, bytes]) -> str:
    if "main.py" not in files:
        raise PayloadError("not an application: there is no main.py in it")
    line = files.get("version", b"")
    version = line.decode(errors="replace").removesuffix("\n")
    if not is_semver(version):
        raise PayloadError("not an application: its file `version` does not hold a semantic version (1.2.3)")
    return version


def _is_whole_flash(data: bytes) -> bool:
    """Two entries in a row: one alone could be code."""
    return any(data[at:][:2] == data[at + _ENTRY_BYTES :][:2] == _TABLE_MAGIC for at in _TABLE_ADDRESSES)


def _what_else(data: bytes) -> str:
    start = data[:256].lstrip().lower()
    if not data:
        return "the file is empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page, not a payload: the server sent a page instead of the file"
    if _is_whole_flash(data) or data[:4096] == b"\xff" * 4096:
        return "a whole-flash .bin; an update needs the application image alone (.app-bin)"
    return f"neither an application image (first byte 0xe9) nor an application (tar): it begins with {data[:4].hex()}"
