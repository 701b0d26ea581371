"""Start-up as the esp32 port does it: file system, boot, main, REPL. Behaviour: `main.c`, `_boot.py`,
`inisetup.py` and `pyexec.c` of MicroPython's `ports/esp32` and `shared/runtime`.
"""

import gc
import os
import socket  # noqa: F401
import sys
import time

import esp32
import machine
import network  # noqa: F401
import ntptime  # noqa: F401
import uctypes
import vfs
import wire

from micropython import const

_SLOT = const(7)  # offsets in the control block
_FACTORY = const(9)
_PAYLOAD_AT = const(28)
_PAYLOAD_SIZE = const(32)
_WDT_LEFT = const(36)
_WDT_TIMEOUT = const(40)
_RESET = const(12)

_CORRUPTED = """\
The filesystem appears to be corrupted. If you had important data there, you
may want to make a flash snapshot to try to recover it. Otherwise, perform
factory reprogramming of MicroPython firmware (completely erase flash, followed
by firmware programming).
"""


def boot(names):
    """Never returns. names: the globals of `__main__`."""
    for name in ("wire", "prelude", "pins"):
        sys.modules.pop(name, None)
    vfs.umount("/_board")
    vfs.umount("/")
    if wire.word(_WDT_LEFT):
        machine.arm_watchdog(wire.word(_WDT_TIMEOUT), wire.word(_WDT_LEFT))
    device = esp32.Partition("vfs")
    if wire.control[_FACTORY]:
        import_files(device)
    mount(device)
    mount_payload()
    sys.path[:] = ["", "/rom", ".frozen", "/lib"]
    os.chdir("/")
    gc.collect()
    if execute("boot", "/boot.py", names):
        execute("main", "main.py", names)
    repl(names)


def mount(device):
    """The file system at "/"; made only where the flash is blank, otherwise the port refuses for ever."""
    try:
        vfs.mount(device, "/")
    except OSError:
        first = bytearray(4096)
        device.readblocks(0, first)
        while any(byte != 0xFF for byte in first):
            print(_CORRUPTED)
            time.sleep(3)
        print("Performing initial setup")
        vfs.VfsLfs2.mkfs(device)
        vfs.mount(device, "/")
        with open("boot.py", "w") as f:
            f.write("# This file is executed on every boot (including wake-boot from deepsleep)\n")


def mount_payload():
    """The running image's ROMFS at /rom, straight from its slot: the code that an update changes."""
    size = wire.word(_PAYLOAD_SIZE)
    at = wire.libc.func("P", "mmap", "PLiiil")(None, size, 1, 1, wire.flash_fd, wire.word(_PAYLOAD_AT))
    payload = uctypes.bytearray_at(at, size)
    if payload[0] == 0xD2 and payload[1] == 0xCD and payload[2] == 0x31:
        vfs.mount(vfs.VfsRom(memoryview(payload)), "/rom")


def exists(path):
    try:
        return os.stat(path)[0] & 0x8000
    except OSError:
        return False


def execute(module, path, names):
    """Run a start-up script, the image's before the file. False when it ended with an exception."""
    try:
        if exists("/rom/" + module + ".mpy"):
            sys.path.insert(0, "/rom")
            try:
                __import__(module)
            finally:
                sys.path.remove("/rom")
        elif exists(path):
            execfile(path, names)
    except SystemExit:
        soft_reset()
    except BaseException as error:
        sys.print_exception(error)
        return False
    return True


def soft_reset():
    print("MPY: soft reboot")
    wire.call(_RESET, machine.SOFT_RESET, machine.watchdog_left())


def repl(names):
    """The prompt of a board that nobody types at, or a plain one for the console."""
    print("MicroPython v%d.%d.%d on %s; virtual ESP32\nType \"help()\" for more information."
          % (sys.implementation[1][:3] + (sys.platform,)))
    while True:
        try:
            prompt(names)
        except SystemExit:
            soft_reset()
        except KeyboardInterrupt:
            print()
        except BaseException as error:
            sys.print_exception(error)


def prompt(names):
    print(">>> ", end="")
    source = sys.stdin.readline()
    if not source:
        while True:  # nobody is there
            time.sleep(3600)
    if source.rstrip().endswith(":"):
        line = source
        while line.strip():
            print("... ", end="")
            line = sys.stdin.readline()
            source += line
    try:
        code = compile(source, "<stdin>", "eval")
    except SyntaxError:
        exec(source, names)
        return
    value = eval(code, names)
    if value is not None:
        print(repr(value))


def import_files(device):
    """At the factory: format, then take one file after the other from the supervisor."""
    vfs.VfsLfs2.mkfs(device)
    vfs.mount(device, "/")
    while True:
        entry = wire.call(15)
        if not entry:
            wire.call(_RESET, 0)
        path, data = bytes(entry).split(b"\0", 1)
        path = str(path, "utf8")
        folder = ""
        for part in path.split("/")[1:-1]:
            folder += "/" + part
            try:
                os.mkdir(folder)
            except OSError:
                pass
        with open(path, "wb") as f:
            f.write(data)
