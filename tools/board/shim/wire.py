"""The board's connection to its supervisor: the control block in shared memory, and requests over a pipe.

Layout of the control block and numbers of the requests: `tools/board/control.py`, `tools/board/chip.py`.
Named `wire` in the interpreter; the board's code never imports it.
"""

import struct
import sys

import ffi
import uctypes
import vfs

from micropython import const

_BUSY = const(46)  # in the control block
_CTRL_C = const(47)

libc = ffi.open("libc.so.6")
_header = bytearray(16)
_answer = bytearray(12)
control = None  # bytearray over the control block
flash_fd = -1
_requests = _replies = _rom = None
_this = sys.modules["wire"]


def connect(rom, control_fd, flash, requests, replies):
    global control, flash_fd, _requests, _replies, _rom
    _rom = rom
    libc.func("i", "prctl", "iLLLL")(1, 9, 0, 0, 0)  # die with the supervisor
    address = libc.func("P", "mmap", "PLiiil")(None, 4096, 3, 1, control_fd, 0)
    control = uctypes.bytearray_at(address, 4096)
    flash_fd = flash
    _requests = open(requests, "wb")
    _replies = open(replies, "rb")


def load(name):
    """One of the shim's own modules that is rarely wanted. Nothing but the caller keeps it, and no folder shows."""
    vfs.mount(_rom, "/_board")
    sys.path.insert(0, "/_board")
    sys.modules["wire"] = _this
    try:
        return __import__(name)
    finally:
        sys.path.pop(0)
        vfs.umount("/_board")
        sys.modules.pop("wire")
        sys.modules.pop(name, None)


class Frozen:
    """A module that the port has built in or frozen and few boards use: loaded when something of it is used."""

    def __getattr__(self, name):
        if isinstance(self.it, str):
            module = self.it
            sys.modules.pop(module)
            self.it = sys.modules[module] = load(module)
        return getattr(self.it, name)


for name in ("dht", "_onewire", "onewire", "ds18x20"):
    sys.modules[name] = Frozen()
    sys.modules[name].it = name


def word(offset):
    return struct.unpack_from("<I", control, offset)[0]


def call(op, a=0, b=0, c=0, key=b"", data=b"", into=None):
    """One request. Returns the supervisor's number; raises OSError as the port's check_esp_err does."""
    control[_BUSY] = 1  # from here on Ctrl-C waits, or request and answer would not fit any more
    try:
        if control[_BUSY]:  # a jump: one that was sent before is raised here, with nothing written yet
            return _exchange(op, a, b, c, key, data, into)
    finally:
        control[_BUSY] = 0
        if control[_CTRL_C]:
            control[_CTRL_C] = 0
            raise KeyboardInterrupt


def _exchange(op, a, b, c, key, data, into):
    struct.pack_into("<BBHIII", _header, 0, op, a, len(key), b, c, len(data))
    _requests.write(_header)
    if key:
        _requests.write(key)
    if data:
        _requests.write(data)
    _replies.readinto(_answer)
    code, value, size = struct.unpack("<iiI", _answer)
    if size:
        tail = into if code == 0 and into is not None else bytearray(size)
        view = memoryview(tail)
        got = 0
        while got < size:
            got += _replies.readinto(view[got:size])
        if code:
            raise OSError(-code, str(tail, "utf8"))
        if into is None:
            return tail
    return value
