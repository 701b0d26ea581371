"""Start-up as the esp32 port does it: file system, boot, main, prompt. Behaviour: `main.c`, `_boot.py` and
`pyexec.c` of MicroPython's `ports/esp32` and `shared/runtime`.
"""

import gc
import os
import socket  # noqa: F401
import sys
import time  # noqa: F401

import esp  # noqa: F401
import esp32
import machine
import network  # noqa: F401
import ntptime  # noqa: F401
import uctypes
import vfs
import wire

import micropython
from micropython import const

_FACTORY = const(9)  # offsets in the control block
_PAYLOAD_AT = const(28)
_PAYLOAD_SIZE = const(32)
_WDT_LEFT = const(36)
_WDT_TIMEOUT = const(40)
_RESET = const(12)
_RAW_MODE = const(44)
_IN_PROGRAM = const(45)


def boot(names):
    """Never returns. names: the globals of `__main__`."""
    for name in ("wire", "prelude"):
        sys.modules.pop(name)
    vfs.umount("/")
    vfs.umount("/_board")
    if wire.word(_WDT_LEFT):
        machine.arm_watchdog(wire.word(_WDT_TIMEOUT), wire.word(_WDT_LEFT))
    device = esp32.Partition("vfs")
    wire.load("tlsclock").install()
    if wire.control[_FACTORY]:
        wire.load("inisetup").import_files(device)
    try:
        vfs.mount(device, "/")
    except OSError:
        wire.load("inisetup").setup(device)
    sys.path[:] = ["", ".frozen", "/lib"]
    if mount_payload():
        sys.path.insert(1, "/rom")
        wire.load("names")
    else:
        wire.load("fewer_names")
    os.chdir("/")
    gc.collect()
    if execute("boot", "/boot.py", names) and not wire.control[_RAW_MODE]:
        execute("main", "main.py", names)
    wire.load("console").run(names, soft_reset)


def mount_payload():
    """The running image's ROMFS at /rom, straight from its slot: the code that an update changes.

    False where there is none: stock firmware.
    """
    size = wire.word(_PAYLOAD_SIZE)
    at = wire.libc.func("P", "mmap", "PLiiil")(None, size, 1, 1, wire.flash_fd, wire.word(_PAYLOAD_AT))
    payload = uctypes.bytearray_at(at, size)
    if payload[0] == 0xD2 and payload[1] == 0xCD and payload[2] == 0x31:
        vfs.mount(vfs.VfsRom(memoryview(payload)), "/rom")
        return True


def exists(path):
    try:
        return os.stat(path)[0] & 0x8000
    except OSError:
        return False


def execute(module, path, names):
    """Run a start-up script, the image's before the file. False when it ended with an exception."""
    try:
        micropython.kbd_intr(3)
        wire.control[_IN_PROGRAM] = 1
        if exists("/rom/" + module + ".mpy"):
            sys.path.insert(0, "/rom")
            try:
                __import__(module)
            finally:
                sys.path.remove("/rom")
        elif exists(path):
            execfile(path, names)
        quiet()
    except SystemExit:
        quiet()
        soft_reset()
    except BaseException as error:
        quiet()
        sys.print_exception(error)
        return False
    return True


def quiet():
    """No program runs any more: Ctrl-C is off."""
    wire.control[_IN_PROGRAM] = 0
    micropython.kbd_intr(-1)


def soft_reset():
    print("MPY: soft reboot")
    wire.call(_RESET, machine.SOFT_RESET, machine.watchdog_left())
