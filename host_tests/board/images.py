"""Images that are sound to all who check them, and useless."""

import hashlib
import struct

from tools import image

_ENTRY_AT = 4
_VERSION_AT, _VERSION_BYTES = 48, 32  # in the description, behind the headers of image and segment, magic and 12 more


def without_entry(data: bytes, version: str) -> bytes:
    """The image under another version, with an entry point where no chip has code.

    The bootloader jumps there unasked, and its watchdog resets the chip 9 s later. Raises image.ImageError.
    """
    found = image.parse(data, chip_id=struct.unpack_from("<H", data, 12)[0])
    made = bytearray(data[: found.size])
    struct.pack_into("<I", made, _ENTRY_AT, 0)
    name = version.encode().ljust(_VERSION_BYTES, b"\0")
    checksum_at = found.size - 33
    for i, byte in enumerate(name, _VERSION_AT):  # the checksum is the XOR of all bytes of segments
        made[checksum_at] ^= made[i] ^ byte
        made[i] = byte
    made[checksum_at + 1 :] = hashlib.sha256(made[: checksum_at + 1]).digest()
    return bytes(made)
