"""First code in the interpreter: map the shim's ROMFS, start it, leave nothing behind.

Arguments: file descriptors of ROMFS and its size, control block, flash, requests, replies.
Small on purpose: it is the only part that is compiled on the board's heap.
"""
import sys

import micropython

micropython.kbd_intr(-1)  # nobody interrupts the shim
import ffi
import uctypes
import vfs

fds = [int(word) for word in sys.argv[1:]]
rom = vfs.VfsRom(memoryview(uctypes.bytearray_at(
    ffi.open("libc.so.6").func("P", "mmap", "PLiiil")(None, fds[1], 1, 1, fds[0], 0), fds[1])))
vfs.mount(rom, "/_board")
sys.path[:] = ["/_board"]
sys.argv[:] = [""]
__import__("wire").connect(rom, *fds[2:])
del fds, rom, ffi, uctypes, vfs, micropython
__import__("prelude").boot(globals())
