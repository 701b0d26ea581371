"""Turns Mbed TLS to the board's clock; why and how is told in `tools/board/tlsclock.py`."""

import struct

import uctypes
import wire

_OFFSET = 56  # in the control block: RTC minus host clock, in seconds
_PATCH = 16  # request, numbered in tools/board/chip.py


def install():
    libc = wire.libc
    addresses = struct.pack("<QQ", libc.addr("time"), uctypes.addressof(wire.control) + _OFFSET)
    patch = wire.call(_PATCH, 0, libc.func("i", "getpid", "")(), data=addresses)
    if not patch:
        return
    code = libc.func("P", "mmap", "PLiiil")(None, 4096, 7, 0x22, -1, 0)
    uctypes.bytearray_at(code, len(patch) - 8)[:] = patch[8:]
    slot = struct.unpack_from("<Q", patch)[0]
    # It stays writable: beside it lie the slots of functions that a library looks up when it first calls them.
    libc.func("i", "mprotect", "PLi")(slot & ~4095, 4096, 3)
    struct.pack_into("P", uctypes.bytearray_at(slot, struct.calcsize("P")), 0, code)
