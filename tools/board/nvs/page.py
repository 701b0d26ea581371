"""One 4 KiB page of NVS: header, a map of entry states, 126 entries. Behaviour: `nvs_page.cpp` (ESP-IDF 5.5).

Every change is a program of an entry followed by a program of one word of the state map, so that power may
fail anywhere, and what was finished is told at mount.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tools.board import esp_err
from tools.board.esp_err import EspError
from tools.board.flash import SECTOR, Flash
from tools.board.nvs import item as items
from tools.board.nvs.item import CHUNK_ANY, ENTRY_COUNT, ENTRY_SIZE, Item

UNINITIALIZED = 0xFFFFFFFF
ACTIVE = 0xFFFFFFFE
FULL = 0xFFFFFFFC
FREEING = 0xFFFFFFF8
CORRUPT = 0xFFFFFFF0

CHUNK_MAX = ENTRY_SIZE * (ENTRY_COUNT - 1)
_VERSION = 0xFE
_HEADER = struct.Struct("<IIB19sI")
_MAP_OFFSET = 32
_DATA_OFFSET = 64
_EMPTY, _WRITTEN, _ILLEGAL, _ERASED = 3, 2, 1, 0  # two bits each in the map


class Page:
    """A page at `address` of `flash`. `sequence` is meaningful unless the page is free or corrupt."""

    def __init__(self, flash: Flash, address: int):
        self._flash = flash
        self._address = address
        self._states = [_EMPTY] * ENTRY_COUNT
        self.next_free = ENTRY_COUNT
        self.sequence = 0
        self.state = self._load_header()
        if self.state in (ACTIVE, FULL, FREEING):
            self._load_map()
        if self.state == ACTIVE:
            self._recover_active()
        elif self.state in (FULL, FREEING):
            self._recover_closed()

    # -- reading ---------------------------------------------------------------------------------

    @property
    def in_use(self) -> bool:
        """Does it hold entries (and a sequence number)?"""
        return self.state in (ACTIVE, FULL, FREEING)

    @property
    def used(self) -> int:
        """Entries written and not erased."""
        return self._states.count(_WRITTEN)

    @property
    def tailroom(self) -> int:
        """Bytes of data that one more variable item may have on this page."""
        if self.state == UNINITIALIZED:
            return CHUNK_MAX
        if self.state == FULL:
            return 0
        return max(0, (ENTRY_COUNT - self.next_free - 1) * ENTRY_SIZE)

    def walk(self, start: int = 0) -> Iterator[tuple[int, Item]]:
        """Each item from entry `start` on. Erases inconsistent ones on the way, as the real search does."""
        if not self.in_use:
            return
        index = start
        while index < ENTRY_COUNT:
            span = 1
            if self._states[index] == _WRITTEN:
                found = self._item(index)
                if found is None:
                    self._set_state(index, _ERASED)
                else:
                    span = found.span
                    yield index, found
            index += span

    def find(self, namespace: int, kind: int | None, key: str, chunk: int = CHUNK_ANY,
             start: int | None = None) -> tuple[int, Item] | None:
        """First item of this identity. kind None: any type. start: only a blob index of this version."""
        for index, found in self.walk():
            if found.identity != (namespace, key, chunk) or (kind is not None and found.type != kind):
                continue
            if start is None or found.chunk_start == start:
                return index, found
        return None

    def data(self, index: int, item: Item) -> bytes:
        """The data of the variable item at `index`."""
        return self._flash.read(self._entry(index + 1), item.data_size)

    # -- writing ---------------------------------------------------------------------------------

    def write(self, item: Item, data: bytes = b"") -> bool:
        """Append an item and its data. False when the page has no room. Raises PowerCut."""
        if self.state == UNINITIALIZED:
            self._initialize()
        if self.state == FULL or self.next_free + item.span > ENTRY_COUNT:
            return False
        self._append(items.pack(item))
        whole = len(data) // ENTRY_SIZE * ENTRY_SIZE
        if whole:
            begin, count = self.next_free, whole // ENTRY_SIZE
            self._flash.program(self._entry(begin), data[:whole])
            self._set_range(begin, begin + count, _WRITTEN)
            self.next_free += count
        if data[whole:]:
            self._append(data[whole:].ljust(ENTRY_SIZE, b"\xff"))
        return True

    def erase_item(self, index: int) -> None:
        """Mark an item and its data erased. Raises PowerCut."""
        found = self._item(index) if self._states[index] == _WRITTEN else None
        span = found.span if found else 1
        if span == 1:
            self._set_state(index, _ERASED)
        else:
            self._set_range(index, index + span, _ERASED)
        self.next_free = max(self.next_free, index + span)

    def _initialize(self) -> None:
        """Turn a blank page into the active one."""
        rest = struct.pack("<IB19s", self.sequence, _VERSION, b"\xff" * 19)
        self._flash.program(self._address, struct.pack("<I", ACTIVE) + rest
                            + struct.pack("<I", items.crc(rest)))
        self.state, self.next_free = ACTIVE, 0
        self._states = [_EMPTY] * ENTRY_COUNT

    def mark(self, state: int) -> None:
        """ACTIVE to FULL, or either to FREEING: only clears bits of the first word."""
        self._flash.program(self._address, struct.pack("<I", state))
        self.state = state

    def erase(self) -> None:
        """Blank the page."""
        self._flash.erase(self._address)
        self.state, self.next_free = UNINITIALIZED, ENTRY_COUNT
        self._states = [_EMPTY] * ENTRY_COUNT

    def copy_to(self, other: Page) -> None:
        """Append every item to `other`, entry by entry."""
        if not self.used:
            return
        if other.state == UNINITIALIZED:
            other._initialize()
        for index, found in self.walk():
            for at in range(index, index + found.span):
                other._append(self._flash.read(self._entry(at), ENTRY_SIZE))

    # -- the map of entry states -----------------------------------------------------------------

    def _entry(self, index: int) -> int:
        return self._address + _DATA_OFFSET + index * ENTRY_SIZE

    def _item(self, index: int) -> Item | None:
        return items.unpack(self._flash.read(self._entry(index), ENTRY_SIZE), index)

    def _append(self, entry: bytes) -> None:
        self._flash.program(self._entry(self.next_free), entry)
        self._set_state(self.next_free, _WRITTEN)
        self.next_free += 1

    def _set_state(self, index: int, state: int) -> None:
        self._states[index] = state
        self._program_word(index // 16)

    def _set_range(self, begin: int, end: int, state: int) -> None:
        """Word by word from the end, so that an item's head changes last."""
        for word in range((end - 1) // 16, begin // 16 - 1, -1):
            for index in range(max(begin, word * 16), min(end, word * 16 + 16)):
                self._states[index] = state
            self._program_word(word)

    def _program_word(self, word: int) -> None:
        states = self._states[word * 16 : word * 16 + 16]
        states += [_EMPTY] * (16 - len(states))
        value = sum(state << (2 * i) for i, state in enumerate(states))
        self._flash.program(self._address + _MAP_OFFSET + word * 4, struct.pack("<I", value))

    # -- at mount --------------------------------------------------------------------------------

    def _load_header(self) -> int:
        header = self._flash.read(self._address, _HEADER.size)
        state, sequence, version, _, crc = _HEADER.unpack(header)
        if state == UNINITIALIZED:
            blank = self._flash.read(self._address, SECTOR) == b"\xff" * SECTOR
            return UNINITIALIZED if blank else CORRUPT
        if crc != items.crc(header[4:28]) or state not in (ACTIVE, FULL, FREEING):
            return CORRUPT
        if version < _VERSION:
            raise EspError(esp_err.NVS_NEW_VERSION_FOUND)
        self.sequence = sequence
        return state

    def _load_map(self) -> None:
        value = int.from_bytes(self._flash.read(self._address + _MAP_OFFSET, 32), "little")
        self._states = [value >> (2 * i) & 3 for i in range(ENTRY_COUNT)]

    def _recover_active(self) -> None:
        """Power failed on the page being written: drop what was begun and the older of two versions."""
        empty = (i for i in range(ENTRY_COUNT) if self._states[i] == _EMPTY)
        self.next_free = next(empty, ENTRY_COUNT)
        while self.next_free < ENTRY_COUNT and not self._blank(self.next_free):
            self._set_state(self.next_free, _ERASED)  # programmed, but its state was not
            self.next_free += 1
        versions: dict[tuple[int, str, int], int] = {}
        index = 0
        while index < min(self.next_free, ENTRY_COUNT):
            index += self._recover_entry(index, versions)

    def _blank(self, index: int) -> bool:
        """Judged by the first word, as the real one does."""
        return self._flash.read(self._entry(index), 4) == b"\xff" * 4

    def _recover_entry(self, index: int, versions: dict[tuple[int, str, int], int]) -> int:
        """Settle the entry at `index`; returns how many entries to go on by."""
        if self._states[index] == _ERASED:
            return 1
        found = self._item(index) if self._states[index] != _ILLEGAL else None
        if found is None:
            self._set_state(index, _ERASED)
            return 1
        if self._torn(index, found):
            self.erase_item(index)
            return found.span
        if found.identity in versions:
            self.erase_item(versions[found.identity])
        versions[found.identity] = index
        return found.span

    def _recover_closed(self) -> None:
        for index, found in self.walk():
            if self._torn(index, found):
                self.erase_item(index)

    def _torn(self, index: int, found: Item) -> bool:
        """Is the item's data not wholly there?"""
        return any(state != _WRITTEN for state in self._states[index : index + found.span])
