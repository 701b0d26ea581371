"""The head of an ESP32 application image, as far as an update must judge it before the slot is written.

Format: ESP-IDF, esp_image_header_t (24 bytes), first segment header (8), then esp_app_desc_t.
"""

import struct

from xyte.errors import CommandError

HEAD_BYTES = 112  # up to the end of the project name
_MAGIC = 0xE9
_DESCRIPTION = 0xABCD5432
_CHIPS = {0: "", 2: "s2", 5: "c3", 9: "s3", 12: "c2", 13: "c6", 16: "h2", 18: "p4", 20: "c61", 23: "c5"}


def chip_of(head):
    """Name of the chip that an image is for, from its first bytes; of one that is not known here, its number."""
    number = struct.unpack_from("<H", head, 12)[0]
    return "esp32" + _CHIPS[number] if number in _CHIPS else "chip %d" % number


def project_of(head):
    """Raises UnicodeError when there is no text where the name should be."""
    return bytes(head[80:112]).split(b"\0")[0].decode()


def check(head, running):
    """Compare the first bytes of an image with those of the running one. Raises CommandError for the operator."""
    instead = None
    if head[0] == 0xFF:
        instead = "a whole-flash .bin; take the .app-bin"
    elif head[0] != _MAGIC:
        instead = "first byte 0x%02x" % head[0]
    elif struct.unpack_from("<I", head, 32)[0] != _DESCRIPTION:
        instead = "no description in it (a bootloader or a whole-flash .bin?)"
    if instead:
        raise CommandError("not an application image: " + instead)
    for name_of, complaint in (
        (chip_of, "chip: the image is for %s, this is %s"), (project_of, "project: the image is %s, running is %s"),
    ):  # fmt: skip
        names = name_of(head), name_of(running)
        if names[0] != names[1]:
            raise CommandError("wrong " + complaint % names)
