"""The head of an ESP32 application image, as far as an update must judge it before the slot is written.

Format: ESP-IDF, esp_image_header_t (24 bytes), first segment header (8), then esp_app_desc_t.
"""

import struct

from xyte.errors import CommandError

HEAD_BYTES = 112  # up to the end of the project name
_MAGIC = 0xE9
_DESCRIPTION = 0xABCD5432
_CHIPS = {0: "esp32", 2: "esp32s2", 5: "esp32c3", 9: "esp32s3", 12: "esp32c2", 13: "esp32c6", 16: "esp32h2"}


def chip_of(head):
    """Name of the chip that an image is for, from its first bytes."""
    return _CHIPS.get(struct.unpack_from("<H", head, 12)[0], "unknown")


def project_of(head):
    """Raises UnicodeError when there is no text where the name should be."""
    return bytes(head[80:112]).split(b"\0")[0].decode()


def check(head, running):
    """Compare the first bytes of an image with those of the running one. Raises CommandError for the operator."""
    if head[0] != _MAGIC:
        raise CommandError(_what_else(head))
    if struct.unpack_from("<I", head, 32)[0] != _DESCRIPTION:
        raise CommandError("not an application image: no description in it (a bootloader or a whole-flash .bin?)")
    if chip_of(head) != chip_of(running):
        raise CommandError("wrong chip: the image is for %s, this is %s" % (chip_of(head), chip_of(running)))
    if project_of(head) != project_of(running):
        raise CommandError("wrong project: the image is %s, running is %s" % (project_of(head), project_of(running)))


def _what_else(head):
    if head[0] == 0xFF:
        return "not an application image: a whole-flash .bin; take the .app-bin"
    return "not an application image: first byte 0x%02x" % head[0]
