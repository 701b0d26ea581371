"""One 32-byte entry of an NVS page. Format: `nvs_types.hpp`, checks: `nvs_types.cpp` (ESP-IDF 5.5)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

ENTRY_SIZE = 32
ENTRY_COUNT = 126
MAX_KEY = 15
CHUNK_ANY = 0xFF

U8 = 0x01
I32 = 0x14
SZ = 0x21
BLOB = 0x41  # the one-page blob of old ESP-IDF; read, never written
BLOB_DATA = 0x42
BLOB_INDEX = 0x48
_INTEGERS = {0x01, 0x11, 0x02, 0x12, 0x04, 0x14, 0x08, 0x18}
_VARIABLE = {SZ, BLOB, BLOB_DATA}

_ENTRY = struct.Struct("<BBBBI16s8s")
_LENGTH = struct.Struct("<HHI")  # of variable data: size, reserved, CRC
_INDEX = struct.Struct("<IBBH")  # of a blob: size, chunks, first chunk, reserved


@dataclass(frozen=True)
class Item:
    """What an entry says: namespace index, type, entries used, chunk number, key, 8 bytes of value."""

    namespace: int
    type: int
    span: int
    chunk: int
    key: str
    data: bytes

    @property
    def identity(self) -> tuple[int, str, int]:
        """Two entries with the same identity are two versions of one value."""
        return self.namespace, self.key, self.chunk

    @property
    def data_size(self) -> int:
        """Bytes of a variable item, or of the whole blob for an index."""
        return _INDEX.unpack(self.data)[0] if self.type == BLOB_INDEX else _LENGTH.unpack(self.data)[0]

    @property
    def data_crc(self) -> int:
        """CRC of a variable item's data."""
        return _LENGTH.unpack(self.data)[2]

    @property
    def chunk_count(self) -> int:
        """Chunks of the blob that this index describes."""
        return _INDEX.unpack(self.data)[1]

    @property
    def chunk_start(self) -> int:
        """Number of the first chunk: 0x00 or 0x80, alternating with each new value."""
        return _INDEX.unpack(self.data)[2]


def crc(data: bytes) -> int:
    """ESP-IDF's CRC-32."""
    return zlib.crc32(data, 0xFFFFFFFF)


def integer(namespace: int, kind: int, key: str, value: bytes) -> Item:
    """An integer of up to 8 bytes, little-endian."""
    return Item(namespace, kind, 1, CHUNK_ANY, key, value.ljust(8, b"\xff"))


def blob_data(namespace: int, key: str, chunk: int, data: bytes) -> Item:
    """The head of a chunk of a blob."""
    span = 1 + -(-len(data) // ENTRY_SIZE)
    return Item(namespace, BLOB_DATA, span, chunk, key, _LENGTH.pack(len(data), 0xFFFF, crc(data)))


def blob_index(namespace: int, key: str, size: int, chunks: int, start: int) -> Item:
    """The entry that makes a blob's chunks a value."""
    return Item(namespace, BLOB_INDEX, 1, CHUNK_ANY, key, _INDEX.pack(size, chunks, start, 0xFFFF))


def pack(item: Item) -> bytes:
    """The entry as it is programmed."""
    key = item.key.encode().ljust(16, b"\0")  # the real one leaves what strncpy leaves: zeros
    head = bytes((item.namespace, item.type, item.span, item.chunk))
    return _ENTRY.pack(*head, crc(head + key + item.data), key, item.data)


def unpack(entry: bytes, index: int) -> Item | None:
    """Read the entry at position `index` of its page; None when its CRC or a field is inconsistent."""
    namespace, kind, span, chunk, found_crc, key, data = _ENTRY.unpack(entry)
    if found_crc != crc(entry[:4] + key + data):
        return None
    item = Item(namespace, kind, span, chunk, key.split(b"\0")[0].decode(errors="replace"), data)
    return item if _consistent(item, index) else None


def _consistent(item: Item, index: int) -> bool:
    if item.type in _INTEGERS:
        return item.span == 1
    if item.type == BLOB_INDEX:
        return item.span == 1 and item.chunk == CHUNK_ANY
    if item.type not in _VARIABLE or (item.type == BLOB_DATA and item.chunk == CHUNK_ANY):
        return False
    fits = item.data_size <= (ENTRY_COUNT - index - 1) * ENTRY_SIZE
    return fits and item.span == 1 + -(-item.data_size // ENTRY_SIZE)
