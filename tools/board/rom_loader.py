"""The chip's download mode: what ESP32's ROM, and the stub that esptool loads into RAM, answer to esptool.

Protocol: Espressif's "serial protocol" (SLIP frames of direction, command, size, checksum, data) and esptool's
`loader.py`. Uploaded stub code is not run: from its start on, the stub's own commands and answers are given.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable

from tools.board.flash import SECTOR, Flash

_END, _ESC, _ESC_END, _ESC_ESC = b"\xc0", b"\xdb", b"\xdb\xdc", b"\xdb\xdd"
_HEADER = struct.Struct("<BBHI")
_BAD_COMMAND, _BAD_CHECKSUM, _BAD_DATA = 0x05, 0x07, 0x06  # as the ROM numbers them
_SYNC_ANSWERS = 8
_SEED = 0xEF
_SLOW_BLOCK = 64

# Registers that esptool looks at (soc headers of ESP-IDF): which chip, its MAC, the UART's divider at 115200 baud.
_MAGIC_AT, _MAGIC = 0x40001000, 0x00F01D83
_MAC_LOW_AT, _MAC_HIGH_AT = 0x3FF5A004, 0x3FF5A008
_UART_DIVIDER_AT, _UART_DIVIDER = 0x3FF40014, 40_000_000 // 115200
_SPI_CMD, _SPI_USER2, _SPI_W0 = 0x3FF42000, 0x3FF42024, 0x3FF42080
_READ_ID, _FLASH_ID = 0x9F, 0x1640EF  # 4 MiB, of Winbond


class RomLoader:
    """One stay in download mode. flash: what is written; mac: 6 bytes.

    left: the loader was told to start the application.
    """

    def __init__(self, flash: Flash, mac: bytes):
        self._flash = flash
        self._stub = False
        self.left = False
        self._rest = b""
        self._at = 0  # where the next data goes
        self._unpack: zlib._Decompress | None = None
        self._registers = {
            _MAGIC_AT: _MAGIC, _UART_DIVIDER_AT: _UART_DIVIDER,
            _MAC_LOW_AT: int.from_bytes(mac[2:]), _MAC_HIGH_AT: int.from_bytes(mac[:2]),
        }
        self._commands: dict[int, Callable[[bytes], bytes]] = {
            0x02: self._begin, 0x03: self._data, 0x04: self._end,
            0x05: self._nothing, 0x06: self._nothing, 0x07: self._nothing,  # memory
            0x09: self._write_register, 0x0B: self._nothing, 0x0D: self._nothing, 0x0F: self._nothing,
            0x0E: self._content_slow,
            0x10: self._begin_packed, 0x11: self._data, 0x12: self._end, 0x13: self._md5,
        }
        self._stub_commands = {0xD0: self._erase_all, 0xD1: self._erase, 0xD2: self._nothing}

    def received(self, data: bytes) -> bytes:
        """Take in bytes from the line; returns those to send. Raises PowerCut."""
        answers = b""
        *frames, rest = (self._rest + data).split(_END)
        self._rest = rest
        for frame in frames:  # every other one is empty: what lies between the end of one and the start of the next
            content = frame.replace(_ESC_END, _END).replace(_ESC_ESC, _ESC)
            if len(content) >= _HEADER.size and content[0] == 0:
                answers += self._answered(content)
        return answers

    def _answered(self, frame: bytes) -> bytes:
        _, number, size, checksum = _HEADER.unpack_from(frame)
        data = frame[_HEADER.size : _HEADER.size + size]
        if number == 0x08:
            return self._answer(0x08, value=0 if self._stub else 0x20120707) * _SYNC_ANSWERS
        if number == 0x0A:
            return self._answer(number, value=self._registers.get(struct.unpack("<I", data)[0], 0))
        command = self._commands.get(number) or (self._stub_commands.get(number) if self._stub else None)
        if not command:
            return self._answer(number, fault=_BAD_COMMAND)
        if number in (0x03, 0x07, 0x11) and _checksum(data[16:]) != checksum:
            return self._answer(number, fault=_BAD_CHECKSUM)
        try:
            answer = self._answer(number, command(data))
        except (zlib.error, struct.error):
            return self._answer(number, fault=_BAD_DATA)
        if number == 0xD2:
            answer += self._content(*struct.unpack("<IIII", data))
        if number == 0x06 and struct.unpack("<II", data)[1]:  # an entry point: the stub starts
            self._stub = True
            answer += framed(b"OHAI")
        return answer

    def _answer(self, number: int, data: bytes = b"", value: int = 0, fault: int = 0) -> bytes:
        status = bytes([fault != 0, fault]) if self._stub else bytes([fault != 0, fault, 0, 0])
        return framed(_HEADER.pack(1, number, len(data + status), value) + data + status)

    def _nothing(self, data: bytes) -> bytes:
        return b""

    def _begin(self, data: bytes) -> bytes:
        size, _, _, self._at = struct.unpack_from("<IIII", data)
        self._unpack = None
        self._erase_range(self._at, size)
        return b""

    def _begin_packed(self, data: bytes) -> bytes:
        self._begin(data)
        self._unpack = zlib.decompressobj()
        return b""

    def _data(self, data: bytes) -> bytes:
        content = data[16:]
        if self._unpack:
            content = self._unpack.decompress(content)
        self._flash.program(self._at, content)
        self._at += len(content)
        return b""

    def _end(self, data: bytes) -> bytes:
        self.left = struct.unpack_from("<I", data)[0] == 0  # "stay" is 1
        return b""

    def _md5(self, data: bytes) -> bytes:
        address, size = struct.unpack_from("<II", data)
        digest = hashlib.md5(self._flash.read(address, size))
        return digest.digest() if self._stub else digest.hexdigest().encode()

    def _erase_all(self, data: bytes) -> bytes:
        self._flash.erase(0, self._flash.size)
        return b""

    def _erase(self, data: bytes) -> bytes:
        self._erase_range(*struct.unpack("<II", data))
        return b""

    def _erase_range(self, address: int, size: int) -> None:
        begin = address // SECTOR * SECTOR
        self._flash.erase(begin, -(-(address + size - begin) // SECTOR) * SECTOR if size else 0)

    def _content(self, address: int, size: int, block: int, _: int) -> bytes:
        """A read by the stub: blocks, then their MD5. It does not wait for the acknowledgements that come back."""
        data = self._flash.read(address, size)
        blocks = b"".join(framed(data[at : at + block]) for at in range(0, size, block))
        return blocks + framed(hashlib.md5(data).digest())

    def _content_slow(self, data: bytes) -> bytes:
        """A read by the ROM: always 64 bytes, of which so many are meant."""
        address, size = struct.unpack("<II", data)
        return self._flash.read(address, min(size, _SLOW_BLOCK)).ljust(_SLOW_BLOCK, b"\0")

    def _write_register(self, data: bytes) -> bytes:
        address, value = struct.unpack_from("<II", data)
        self._registers[address] = value
        if address == _SPI_CMD:  # a command to the flash chip, done at once
            asked = self._registers.get(_SPI_USER2, 0) & 0xFF
            self._registers[_SPI_CMD] = 0
            self._registers[_SPI_W0] = _FLASH_ID if asked == _READ_ID else 0
        return b""


def _checksum(data: bytes) -> int:
    value = _SEED
    for byte in data:
        value ^= byte
    return value


def framed(content: bytes) -> bytes:
    """A SLIP frame."""
    return _END + content.replace(_ESC, _ESC_ESC).replace(_END, _ESC_END) + _END
