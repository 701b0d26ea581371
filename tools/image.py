"""The ESP32 application image: the container that a slot holds and an update carries.

Format: ESP-IDF 5.5 `esp_app_format.h` (image and segment headers), `esp_app_desc.h` (description) and
`bootloader_support/src/esp_image_format.c` (what the chip checks). An image of ours has two segments:

    offset 0x0000  header (24 bytes) and the header of segment 0
    offset 0x0020  segment 0, mapped read-only data: the application description, padded
    offset 0x1000  segment 1, mapped code: the payload, a ROMFS with the compiled agent
    end            padding, checksum byte (end of a 16-byte line), SHA-256 of everything before

The payload starts on a 4 KiB boundary so that it can be mapped from the slot and executed in place.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

MAGIC = 0xE9
CHIP_ESP32 = 0
DESCRIPTION_MAGIC = 0xABCD5432
MAX_SEGMENTS = 16
PAYLOAD_OFFSET = 0x1000

# magic, segments, flash mode and size, entry, pins, chip, revisions, is a hash appended
_HEADER = struct.Struct("<BBBBIB3sHBHH4sB")
_SEGMENT = struct.Struct("<II")  # load address, length
_DESCRIPTION = struct.Struct("<II8x32s32s16s16s32s32sHHB3x72x")
# The chips' windows on flash, for data and for code, by chip id (ESP-IDF, components/soc/*/include/soc/soc.h,
# SOC_DROM_LOW to SOC_IROM_HIGH): what lies there is mapped, the rest of an image is copied to RAM. A window for both is
# cut in two here, for the images that we make.
_WINDOWS = {
    CHIP_ESP32: ((0x3F400000, 0x3F800000), (0x400D0000, 0x40400000)),
    2: ((0x3F000000, 0x3FF80000), (0x40080000, 0x40800000)),  # ESP32-S2
    5: ((0x3C000000, 0x3C800000), (0x42000000, 0x42800000)),  # ESP32-C3
    9: ((0x3C000000, 0x3E000000), (0x42000000, 0x44000000)),  # ESP32-S3
    12: ((0x3C000000, 0x3C400000), (0x42000000, 0x42400000)),  # ESP32-C2
    13: ((0x42000000, 0x42800000), (0x42800000, 0x43000000)),  # ESP32-C6
    16: ((0x42000000, 0x42800000), (0x42800000, 0x43000000)),  # ESP32-H2
    18: ((0x40000000, 0x42000000), (0x42000000, 0x44000000), (0x48000000, 0x4C000000)),  # ESP32-P4; the last is PSRAM
    20: ((0x42000000, 0x43000000), (0x43000000, 0x44000000)),  # ESP32-C61
    23: ((0x42000000, 0x43000000), (0x43000000, 0x44000000)),  # ESP32-C5
}
_MMU_PAGE = 0x10000
# SOC_MMU_PAGE_SIZE_CONFIGURABLE in soc_caps.h: the description says which size an image has, as a power of two.
_PAGE_IN_DESCRIPTION = (12, 13, 16, 20)  # ESP32-C2, -C6, -H2, -C61
_PAGE_BITS_AT = 212  # in the image: description at 32, and there at 180
_CHECKSUM_SEED = 0xEF
_MAX_LENGTH = 16 * 1024 * 1024
_FLASH_4MB_40MHZ = 0x20
_DIO = 2


class ImageError(ValueError):
    """Data is not an image this chip would start; the text says why, in the bootloader's terms."""


@dataclass(frozen=True)
class Segment:
    """One segment: where it is mapped or loaded, and where its data lies in the image (bytes)."""

    load_address: int
    offset: int
    size: int


@dataclass(frozen=True)
class Image:
    """A verified image. `size` counts from the magic byte to the end of the appended SHA-256."""

    version: str
    project: str
    chip_id: int
    payload_offset: int
    payload_size: int
    sha256: bytes
    segments: tuple[Segment, ...]
    size: int


def make(payload: bytes, *, version: str, project: str = "xyte-agent", chip_id: int = CHIP_ESP32) -> bytes:
    """Wrap `payload` (a ROMFS) into an image that ESP-IDF's bootloader and esptool accept.

    Raises ImageError when a name is longer than its 31 bytes or the payload does not fit the code window.
    The result depends on the arguments only: same input, same bytes.
    """
    (data_at, _), (code_at, code_end) = _WINDOWS[chip_id][:2]
    padded = payload + b"\xff" * (-len(payload) % 4)
    if len(padded) > code_end - code_at - PAYLOAD_OFFSET:
        raise ImageError(f"payload of {len(payload)} bytes does not fit the chip's code window")
    description = _describe(version, project, padded)
    first = description.ljust(PAYLOAD_OFFSET - _HEADER.size - 2 * _SEGMENT.size, b"\0")
    body = _HEADER.pack(MAGIC, 2, _DIO, _FLASH_4MB_40MHZ, code_at + PAYLOAD_OFFSET, 0xEE, bytes(3),
                        chip_id, 0, 0, 0xFFFF, bytes(4), 1)
    body += _SEGMENT.pack(data_at + _HEADER.size + _SEGMENT.size, len(first)) + first
    body += _SEGMENT.pack(code_at + len(body) + _SEGMENT.size, len(padded)) + padded
    body += bytes(15 - len(body) % 16) + bytes([_checksum(first, padded)])
    return body + hashlib.sha256(body).digest()


def parse(data: bytes, *, chip_id: int = CHIP_ESP32) -> Image:
    """Verify the image at the start of `data` as the bootloader does and return what it holds.

    `data` may be longer than the image (a whole slot). Checks, in the bootloader's order: magic, chip,
    number of segments, length and mapping of each (mapping not checked for a chip without windows here),
    checksum, SHA-256. Raises ImageError.
    """
    segments, end = _segments(data, chip_id)
    checksum_at = end + 15 - end % 16
    if checksum_at + 33 > len(data):
        raise ImageError(f"image of {checksum_at + 33} bytes does not fit in {len(data)}")
    parts = [data[s.offset : s.offset + s.size] for s in segments]
    if data[checksum_at] != _checksum(*parts):
        raise ImageError(f"checksum failed: calculated {_checksum(*parts):#x}, read {data[checksum_at]:#x}")
    sha256 = bytes(data[checksum_at + 1 : checksum_at + 33])
    if not data[23]:
        raise ImageError("image has no appended SHA-256")
    if hashlib.sha256(data[: checksum_at + 1]).digest() != sha256:
        raise ImageError("SHA-256 does not match")
    version, project = _read_description(parts[0])
    return Image(version, project, chip_id, segments[-1].offset, segments[-1].size, sha256,
                 tuple(segments), checksum_at + 33)


def _describe(version: str, project: str, payload: bytes) -> bytes:
    for name in (version, project):
        if len(name.encode()) > 31:
            raise ImageError(f"{name!r} is longer than 31 bytes")
    # Time and date stay empty: the same payload must give the same image.
    return _DESCRIPTION.pack(DESCRIPTION_MAGIC, 0, version.encode(), project.encode(), b"", b"", b"v5.5.1",
                             hashlib.sha256(payload).digest(), 0, 0xFFFF, 16)


def _read_description(segment: bytes) -> tuple[str, str]:
    if len(segment) < _DESCRIPTION.size:
        raise ImageError("no application description in the first segment")
    magic, _, version, project, *_ = _DESCRIPTION.unpack_from(segment)
    if magic != DESCRIPTION_MAGIC:
        raise ImageError("no application description in the first segment")
    return version.split(b"\0")[0].decode(errors="replace"), project.split(b"\0")[0].decode(errors="replace")


def _segments(data: bytes, chip_id: int) -> tuple[list[Segment], int]:
    if len(data) < _HEADER.size or data[0] != MAGIC:
        raise ImageError("invalid magic byte (nothing flashed here?)")
    found_chip = struct.unpack_from("<H", data, 12)[0]
    if found_chip != chip_id:
        raise ImageError(f"mismatch chip ID, expected {chip_id}, found {found_chip}")
    if not 0 < data[1] <= MAX_SEGMENTS:
        raise ImageError(f"segment count {data[1]} is not between 1 and {MAX_SEGMENTS}")
    segments, at, page = [], _HEADER.size, _page(data, chip_id)
    for index in range(data[1]):
        if at + _SEGMENT.size > len(data):
            raise ImageError(f"segment {index} lies beyond the end")
        load_address, size = _SEGMENT.unpack_from(data, at)
        at += _SEGMENT.size
        _check_segment(index, load_address, at, size, _WINDOWS.get(chip_id, ()), page)
        segments.append(Segment(load_address, at, size))
        at += size
    if at > len(data):
        raise ImageError(f"image of at least {at} bytes does not fit in {len(data)}")
    return segments, at


def _page(data: bytes, chip_id: int) -> int:
    """Bytes of a page of flash, as the chip's MMU maps it for this image."""
    bits = data[_PAGE_BITS_AT] if chip_id in _PAGE_IN_DESCRIPTION and len(data) > _PAGE_BITS_AT else 0
    return 1 << bits if bits else _MMU_PAGE


def _check_segment(index: int, load_address: int, offset: int, size: int,
                   windows: Sequence[tuple[int, int]], page: int) -> None:
    if size % 4 or size >= _MAX_LENGTH:
        raise ImageError(f"invalid segment length {size:#x}")
    mapped = any(low <= load_address < high for low, high in windows)
    if mapped and load_address % page != offset % page:
        raise ImageError(f"segment {index} load address {load_address:#x} doesn't match data {offset:#x}")


def _checksum(*parts: bytes) -> int:
    value = _CHECKSUM_SEED
    for part in parts:
        # XOR of all bytes, folded from big integers: a byte loop over 1.5 MiB would take a second.
        word = int.from_bytes(part, "little")
        width = 1 << (max(len(part), 1) - 1).bit_length()
        while width > 1:
            width //= 2
            word = (word >> (8 * width)) ^ (word & ((1 << (8 * width)) - 1))
        value ^= word
    return value
