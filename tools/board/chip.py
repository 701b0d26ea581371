"""The services behind the interpreter's requests: flash, NVS, boot choice, clock, reset.

A request is a header ``<BBHIII`` (number, a, bytes of key, b, c, bytes of data), the key, the data. The
answer is ``<iiI`` (0 or an ESP-IDF code, value, bytes that follow): data, or the code's name.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.board import esp_err, layout, tlsclock
from tools.board.clock import Clock, network_time
from tools.board.esp_err import EspError, Panic
from tools.board.flash import SECTOR, Flash
from tools.board.layout import Partition
from tools.board.nvs.storage import Storage
from tools.board.ota import Ota

HEADER = struct.Struct("<BBHIII")
ANSWER = struct.Struct("<iiI")


@dataclass(frozen=True)
class Request:
    """One request, as its handler sees it."""

    number: int
    a: int
    b: int
    c: int
    key: str
    data: bytes


class Reset(Exception):
    """The board resets itself. kind: the cause it will read; ms: sleep, or the watchdog's rest."""

    def __init__(self, kind: int, ms: int):
        super().__init__(kind)
        self.kind = kind
        self.ms = ms


class Chip:
    """One boot's services. running: the slot whose image runs; files: what the factory writes.

    Mounts NVS, as `nvs_flash_init` does at start: raises PowerCut when the supply fails in that.
    """

    def __init__(self, flash: Flash, partitions: tuple[Partition, ...], running: Partition, clock: Clock,
                 *, ntp_offset_s: int = 0, files: Iterator[tuple[str, bytes]] | None = None):
        self._flash = flash
        self._partitions = partitions
        self._running = running
        self._clock = clock
        self._ntp_offset_s = ntp_offset_s
        self._files = files or iter(())
        self._ota = Ota(flash, partitions)
        self._nvs = _mount_nvs(flash, layout.find(partitions, "nvs"))
        self._handlers: dict[int, Callable[[Request], int | bytes | None]] = {
            1: self._program, 2: self._erase,
            3: lambda r: self._nvs.open(r.key),
            4: lambda r: self._nvs.set_i32(r.a, r.key, _signed(r.b)),
            5: lambda r: self._nvs.get_i32(r.a, r.key),
            6: lambda r: self._nvs.set_blob(r.a, r.key, r.data),
            7: self._get_blob,
            8: lambda r: self._nvs.erase_key(r.a, r.key),
            9: lambda r: self._ota.set_boot(partitions[r.a]),
            10: lambda r: self._ota.mark_valid(),
            11: lambda r: partitions.index(self._ota.boot_partition()),
            12: self._reset,
            13: lambda r: clock.set_rtc(r.b, r.c),
            14: lambda r: network_time(self._ntp_offset_s),
            15: self._next_file,
            16: lambda r: tlsclock.patch(r.b, *struct.unpack("<QQ", r.data)),
        }

    def answer(self, request: Request) -> bytes:
        """Do what is asked. Raises PowerCut, Panic and Reset, after which the interpreter must not go on."""
        try:
            result = self._handlers[request.number](request)
        except EspError as error:
            text = str(error).encode()
            return ANSWER.pack(error.code, 0, len(text)) + text
        if isinstance(result, bytes):
            return ANSWER.pack(0, len(result), len(result)) + result
        return ANSWER.pack(0, result or 0, 0)

    def _program(self, r: Request) -> None:
        self._flash.program(self._writable(r.a, r.b, len(r.data)), r.data)

    def _erase(self, r: Request) -> None:
        address = self._writable(r.a, r.b, r.c)
        if r.c % SECTOR:
            raise EspError(esp_err.INVALID_SIZE)
        if r.b % SECTOR:
            raise EspError(esp_err.INVALID_ARG)
        self._flash.erase(address, r.c)

    def _writable(self, index: int, offset: int, size: int) -> int:
        """Address of a range of a partition. Raises EspError when it is outside, Panic in the running app."""
        partition = self._partitions[index]
        if offset > partition.size:
            raise EspError(esp_err.INVALID_ARG)
        if size > partition.size - offset:
            raise EspError(esp_err.INVALID_SIZE)
        if partition == self._running and size:
            raise Panic("flash write to the running application")
        return partition.address + offset

    def _get_blob(self, r: Request) -> bytes:
        value = self._nvs.get_blob(r.a, r.key)
        if r.c < len(value):
            raise EspError(esp_err.NVS_INVALID_LENGTH)
        return value

    def _reset(self, r: Request) -> None:
        raise Reset(r.a, _signed(r.b))

    def _next_file(self, _: Request) -> bytes | None:
        path, data = next(self._files, ("", b""))
        return path.encode() + b"\0" + data if path else None


def _mount_nvs(flash: Flash, partition: Partition) -> Storage:
    """As `boardctrl_startup` in `ports/esp32/main.c`: a store that cannot be read is erased."""
    try:
        return Storage(flash, partition.address, partition.size)
    except EspError:
        flash.erase(partition.address, partition.size)
        return Storage(flash, partition.address, partition.size)


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value
