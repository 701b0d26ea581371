"""Keys and values of NVS. Behaviour of `nvs_storage.cpp` and `nvs_api.cpp` (ESP-IDF 5.5).

A changed value is first written beside the old one, then the old one is erased: a power cut leaves one of
the two. A blob is data in chunks, then an index that makes them count; its chunks' numbers start at 0x00
and 0x80 in turn, so old and new never mix.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tools.board import esp_err
from tools.board.esp_err import EspError
from tools.board.flash import Flash
from tools.board.nvs import item as items
from tools.board.nvs.item import BLOB_DATA, BLOB_INDEX, CHUNK_ANY, ENTRY_SIZE, I32, MAX_KEY, U8, Item
from tools.board.nvs.page import CHUNK_MAX, FULL, Page
from tools.board.nvs.pages import Pages

_NAMESPACES = 0  # index of the namespace that holds the namespaces' names
_VERSIONS = (0x00, 0x80)


class Storage:
    """The NVS partition at `address`, mounted and repaired. Raises EspError when it cannot be, PowerCut."""

    def __init__(self, flash: Flash, address: int, size: int):
        self._pages = Pages(flash, address, size)
        self._namespaces = {
            item.key: item.data[0]
            for page in self._pages for _, item in page.walk() if item.namespace == _NAMESPACES
        }
        self._drop_broken_blobs()

    # -- calls of nvs.h --------------------------------------------------------------------------

    def open(self, name: str) -> int:
        """Index of a namespace, made if it is new.

        Raises EspError: NVS_KEY_TOO_LONG, NVS_NOT_ENOUGH_SPACE. Raises PowerCut.
        """
        if name not in self._namespaces:
            index = next(i for i in range(1, 256) if i not in self._namespaces.values())
            if index == 255:
                raise EspError(esp_err.NVS_NOT_ENOUGH_SPACE)
            self._set_integer(_NAMESPACES, U8, name, bytes([index]))
            self._namespaces[name] = index
        return self._namespaces[name]

    def set_i32(self, namespace: int, key: str, value: int) -> None:
        """Write unless the value is there already. Raises EspError, PowerCut."""
        self._set_integer(namespace, I32, key, struct.pack("<i", value))

    def get_i32(self, namespace: int, key: str) -> int:
        """Raises EspError(NVS_NOT_FOUND), also for a key of another type."""
        return struct.unpack_from("<i", self._require(namespace, I32, key)[2].data)[0]

    def set_blob(self, namespace: int, key: str, value: bytes) -> None:
        """Write unless the value is there already. Raises EspError, PowerCut."""
        old = self._find(namespace, BLOB_INDEX, key)
        other = self._find(namespace, None, key) if old is None else None
        start = _VERSIONS[0]
        if old:
            if self._read_blob(old[2]) == value:
                return
            start = _VERSIONS[1] if old[2].chunk_start == _VERSIONS[0] else _VERSIONS[0]
        self._write_blob(namespace, key, value, start)
        if old:
            self._erase_blob(namespace, key, old[2].chunk_start)
        elif other:
            self._erase_old(namespace, key, other[2].type)

    def get_blob(self, namespace: int, key: str) -> bytes:
        """Raises EspError(NVS_NOT_FOUND), also for a key of another type."""
        value = self._read_blob(self._require(namespace, BLOB_INDEX, key)[2])
        if value is None:  # a chunk is missing: the value is as good as gone
            self._erase_blob(namespace, key, None)
            raise EspError(esp_err.NVS_NOT_FOUND)
        return value

    def erase_key(self, namespace: int, key: str) -> None:
        """Raises EspError(NVS_NOT_FOUND), PowerCut."""
        page, index, item = self._require(namespace, None, key)
        if item.type == BLOB_INDEX:
            self._erase_blob(namespace, key, None)
        else:
            page.erase_item(index)

    def contents(self) -> Iterator[tuple[str, str, int | bytes | None]]:
        """(namespace, key, value) of everything stored; None for types that MicroPython cannot write."""
        names = {index: name for name, index in self._namespaces.items()}
        for page in self._pages:
            for _, item in page.walk():
                if item.namespace == _NAMESPACES or item.type == BLOB_DATA:
                    continue
                value: int | bytes | None = None
                if item.type == I32:
                    value = struct.unpack_from("<i", item.data)[0]
                elif item.type == BLOB_INDEX:
                    value = self._read_blob(item)
                yield names.get(item.namespace, "?"), item.key, value

    # -- parts -----------------------------------------------------------------------------------

    def _find(self, namespace: int, kind: int | None, key: str, chunk: int = CHUNK_ANY,
              start: int | None = None) -> tuple[Page, int, Item] | None:
        for page in self._pages:
            found = page.find(namespace, kind, key, chunk, start)
            if found:
                return page, *found
        return None

    def _require(self, namespace: int, kind: int | None, key: str) -> tuple[Page, int, Item]:
        found = self._find(namespace, kind, key)
        if found is None:
            raise EspError(esp_err.NVS_NOT_FOUND)
        return found

    def _set_integer(self, namespace: int, kind: int, key: str, value: bytes) -> None:
        item = items.integer(namespace, kind, key, value)
        old = self._find(namespace, kind, key) or self._find(namespace, None, key)
        if old and old[2] == item:
            return
        _check_key(key)
        if not self._pages.current.write(item):
            self._turn_page()
            if not self._pages.current.write(item):
                raise EspError(esp_err.NVS_NOT_ENOUGH_SPACE)
        if old:
            self._erase_old(namespace, key, old[2].type)

    def _erase_old(self, namespace: int, key: str, kind: int) -> None:
        """Erase the older version; garbage collection may have moved it behind or before the new one."""
        if kind == BLOB_INDEX:
            self._erase_blob(namespace, key, None)
            return
        found = self._find(namespace, kind, key)
        if found:
            found[0].erase_item(found[1])

    def _turn_page(self) -> None:
        if self._pages.current.state != FULL:
            self._pages.current.mark(FULL)
        self._pages.request_new()

    def _write_blob(self, namespace: int, key: str, value: bytes, start: int) -> None:
        _check_key(key)
        if len(value) > min(self._pages.count - 1, 127) * CHUNK_MAX:
            raise EspError(esp_err.NVS_VALUE_TOO_LONG)
        written: list[int] = []
        try:
            chunks = self._write_chunks(namespace, key, value, start, written)
            index = items.blob_index(namespace, key, len(value), chunks, start)
            if not self._pages.current.write(index):
                raise EspError(esp_err.NVS_NOT_ENOUGH_SPACE)
        except EspError:
            for chunk in written:
                found = self._find(namespace, BLOB_DATA, key, chunk)
                if found:
                    found[0].erase_item(found[1])
            raise

    def _write_chunks(self, namespace: int, key: str, value: bytes, start: int, written: list[int]) -> int:
        """Spread the value over pages; returns the number of chunks. written: their numbers, as they come."""
        rest = value
        while True:
            room = self._pages.current.tailroom
            if not written and (room < len(value) or room == 0) and room < CHUNK_MAX // 10:
                self._turn_page()  # too small a room to begin in
                if self._pages.current.tailroom == room:
                    raise EspError(esp_err.NVS_NOT_ENOUGH_SPACE)
                continue
            if not room:
                raise EspError(esp_err.NVS_NOT_ENOUGH_SPACE)
            part, rest = rest[:room], rest[room:]
            written.append(start + len(written))
            self._pages.current.write(items.blob_data(namespace, key, written[-1], part), part)
            if rest or room - len(part) < ENTRY_SIZE:
                self._turn_page()
            if not rest:
                return len(written)

    def _read_blob(self, index: Item) -> bytes | None:
        parts = []
        for chunk in range(index.chunk_start, index.chunk_start + index.chunk_count):
            found = self._find(index.namespace, BLOB_DATA, index.key, chunk)
            if found is None:
                return None
            data = found[0].data(found[1], found[2])
            if items.crc(data) != found[2].data_crc:
                return None
            parts.append(data)
        return b"".join(parts)

    def _erase_blob(self, namespace: int, key: str, version: int | None) -> None:
        """Erase the index, then the chunks, of one version or (None) of all."""
        found = self._find(namespace, BLOB_INDEX, key, start=version)
        while found:
            found[0].erase_item(found[1])
            found = self._find(namespace, BLOB_INDEX, key, start=version) if version is None else None
        for page in self._pages:
            for index, item in page.walk():
                mine = item.type == BLOB_DATA and (item.namespace, item.key) == (namespace, key)
                if mine and version in (None, item.chunk & 0x80):
                    page.erase_item(index)

    def _drop_broken_blobs(self) -> None:
        """At mount: an index whose chunks do not add up goes, and chunks that no index names."""
        whole = set()
        for page in self._pages:
            for at, index in page.walk():
                if index.type == BLOB_INDEX:
                    if self._adds_up(index):
                        start = index.chunk_start
                        whole |= {(index.namespace, index.key, start + i) for i in range(index.chunk_count)}
                    else:
                        page.erase_item(at)
        for page in self._pages:
            for at, item in page.walk():
                if item.type == BLOB_DATA and item.identity not in whole:
                    page.erase_item(at)

    def _adds_up(self, index: Item) -> bool:
        sizes = [
            item.data_size for page in self._pages for _, item in page.walk()
            if item.type == BLOB_DATA and (item.namespace, item.key) == (index.namespace, index.key)
            and item.chunk & 0x80 == index.chunk_start
        ]
        return len(sizes) == index.chunk_count and sum(sizes) == index.data_size


def _check_key(key: str) -> None:
    if len(key.encode()) > MAX_KEY:
        raise EspError(esp_err.NVS_KEY_TOO_LONG)
