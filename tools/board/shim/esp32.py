"""`esp32`: NVS, Partition, heap, temperature. Behaviour: `ports/esp32/esp32_nvs.c`, `esp32_partition.c`."""

import errno
import struct

import wire

from micropython import const

_PROGRAM = const(1)  # requests, numbered in tools/board/chip.py
_ERASE = const(2)
_NVS_OPEN = const(3)
_SET_BOOT = const(9)
_SLOT = const(7)  # offset in the control block: index of the running slot in the table
_TABLE = const(3072)  # offset: rows of label (16), type, subtype, pad, address, size
_BLOCK = const(4096)

HEAP_DATA = 4
HEAP_EXEC = 1

_pread = wire.libc.func("i", "pread", "ipll")
_call = wire.call


def _writable(buffer):
    """Raises TypeError for what cannot be written to, before anything is read. Allocates nothing: the collector closes
    files, and littlefs reads then.
    """
    if isinstance(buffer, (bytes, str)):
        raise TypeError("object with buffer protocol required")
    return buffer


class NVS:
    def __init__(self, namespace):
        self.n = _call(_NVS_OPEN, key=namespace.encode())

    def set_i32(self, key, value):
        if not -0x80000000 < value <= 0x7FFFFFFF:  # on 32 bits the least number is one that the port does not take
            raise OverflowError("overflow converting long int to machine word")
        _call(4, self.n, value & 0xFFFFFFFF, key=key.encode())

    def get_i32(self, key):
        return _call(5, self.n, key=key.encode())

    def set_blob(self, key, value):
        _call(6, self.n, key=key.encode(), data=value)

    def get_blob(self, key, buffer):
        return _call(7, self.n, 0, len(buffer), key=key.encode(), into=_writable(buffer))

    def erase_key(self, key):
        _call(8, self.n, key=key.encode())

    def commit(self):
        pass


def _row(index):
    return struct.unpack_from("<16sBBHII", wire.control, _TABLE + index * 28)


def _rows():
    index = 0
    while wire.control[_TABLE + index * 28]:
        yield index
        index += 1


def _label(row):
    return str(row[0], "utf8").rstrip("\0")


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, id, block_size=_BLOCK, index=-1):
        if index < 0:
            index = self._named(id)
        self.i = index
        self.size, self.at = _row(index)[-1], _row(index)[-2]
        self.block = block_size

    def _named(self, id):
        if id == 0 and not isinstance(id, str):
            return _call(11)
        if id == 1:
            return wire.control[_SLOT]
        if not isinstance(id, str):
            raise ValueError() if isinstance(id, int) else TypeError("can't convert to str")
        for index in _rows():
            if _label(_row(index)) == id:
                return index
        raise OSError(errno.ENOENT)

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=_BLOCK):
        found = []
        for index in _rows():
            row = _row(index)
            if row[1] == type and subtype in (0xFF, row[2]) and label in (None, _label(row)):
                found.append(Partition(None, block_size, index))
        return found

    def info(self):
        row = _row(self.i)
        return row[1], row[2], row[4], row[5], _label(row), False

    def readblocks(self, n, buf, off=0):
        off += n * self.block
        if off > self.size or not len(buf):  # a buffer of no bytes is a null pointer
            raise OSError(-258, "ESP_ERR_INVALID_ARG")
        if off + len(buf) > self.size:
            raise OSError(-260, "ESP_ERR_INVALID_SIZE")
        _pread(wire.flash_fd, _writable(buf), len(buf), self.at + off)

    def writeblocks(self, n, buf, off=None):
        at = n * self.block
        if off is not None:
            at += off
        elif self.block >= _BLOCK:
            _call(_ERASE, self.i, at, len(buf))
        else:
            self._erase_around(at, at + len(buf))
        _call(_PROGRAM, self.i, at, data=buf)

    def _erase_around(self, begin, end):
        """Blocks under 4 KiB: keep what else is in the sectors, as the port's cache does."""
        cache = bytearray(_BLOCK)
        for at in range(begin // _BLOCK * _BLOCK, end, _BLOCK):
            _pread(wire.flash_fd, cache, _BLOCK, self.at + at)
            _call(_ERASE, self.i, at, _BLOCK)
            if begin > at:
                _call(_PROGRAM, self.i, at, data=cache[:begin - at])
            if end < at + _BLOCK:
                _call(_PROGRAM, self.i, end, data=cache[end - at:])

    def ioctl(self, cmd, arg):
        if cmd in (1, 2, 3):
            return 0
        if cmd == 4:
            return self.size // self.block
        if cmd == 5:
            return self.block
        if cmd == 6:
            if self.block != _BLOCK:
                return -errno.EINVAL
            _call(_ERASE, self.i, arg * _BLOCK, _BLOCK)
            return 0

    def set_boot(self):
        _call(_SET_BOOT, self.i)

    def get_next_update(self):
        slots = Partition.find(0)
        after = False
        for slot in slots:
            if after:
                return slot
            after = slot.i == self.i
        if not slots:
            raise OSError(errno.ENOENT)
        return slots[0]

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        _call(10)


def idf_heap_info(capabilities):
    # What a board with Wi-Fi up and one TLS connection shows: four regions, the third is the large one.
    return [(7288, 0, 0, 0), (16648, 4, 0, 4), (84784, 48872, 31744, 41020), (15072, 11616, 11264, 11616)]


def raw_temperature():
    return 128
