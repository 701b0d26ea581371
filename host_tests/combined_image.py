"""MicroPython's combined image for the ESP32, in the real format and without MicroPython in it."""

from tools import image
from tools.board import layout
from tools.board.layout import LAYOUT_4MIB_OTA


def combined_bin(app=None, table=LAYOUT_4MIB_OTA, chip=image.CHIP_ESP32):
    """As MicroPython's makeimg.py makes them, of images in the real format."""
    app = app or image.make(b"no files", version="1.26.0", chip_id=chip)
    start = 0x1000 if chip == image.CHIP_ESP32 else 0
    data = bytearray(b"\xff" * (0x10000 - start + len(app)))
    bootloader = image.make(b"bootloader", version="boot", chip_id=chip)
    data[: len(bootloader)] = bootloader
    packed = layout.pack(table)
    data[0x8000 - start : 0x8000 - start + len(packed)] = packed
    data[0x10000 - start :] = app
    return bytes(data)
