"""The file system's first formatting, as the port's `inisetup.py`, and the factory's files."""

import os
import time

import vfs
import wire

_RESET = 12  # requests, numbered in tools/board/chip.py
_NEXT_FILE = 15

_CORRUPTED = """\
The filesystem appears to be corrupted. If you had important data there, you
may want to make a flash snapshot to try to recover it. Otherwise, perform
factory reprogramming of MicroPython firmware (completely erase flash, followed
by firmware programming).
"""


def setup(device):
    """Format a blank partition; refuse for ever where something else is."""
    first = bytearray(4096)
    device.readblocks(0, first)
    while any(byte != 0xFF for byte in first):
        print(_CORRUPTED)
        time.sleep(3)
    print("Performing initial setup")
    vfs.VfsLfs2.mkfs(device)
    vfs.mount(device, "/")
    with open("/boot.py", "w") as f:
        f.write("# This file is executed on every boot (including wake-boot from deepsleep)\n")


def import_files(device):
    """Format, then take one file after the other from the supervisor. Never returns."""
    vfs.VfsLfs2.mkfs(device)
    vfs.mount(device, "/")
    while True:
        entry = wire.call(_NEXT_FILE)
        if not entry:
            wire.call(_RESET, 0)
        path, data = bytes(entry).split(b"\0", 1)
        path = str(path, "utf8")
        make_folders(path)
        with open(path, "wb") as f:
            f.write(data)


def make_folders(path):
    folder = ""
    for part in path.split("/")[1:-1]:
        folder += "/" + part
        try:
            os.mkdir(folder)
        except OSError:
            pass
