"""All pages of an NVS partition: which one is written, and how erased entries are won back.

Behaviour of `nvs_pagemanager.cpp` (ESP-IDF 5.5). One page always stays free: the others are copied into it.
"""

from __future__ import annotations

from tools.board import esp_err
from tools.board.esp_err import EspError
from tools.board.flash import SECTOR, Flash
from tools.board.nvs import item as items
from tools.board.nvs.item import ENTRY_COUNT
from tools.board.nvs.page import ACTIVE, CORRUPT, FREEING, Page


class Pages:
    """Pages of the partition at `address`, `size` bytes, in the order they were begun.

    Raises EspError(NVS_NO_FREE_PAGES) when no page is free, PowerCut.
    """

    def __init__(self, flash: Flash, address: int, size: int):
        pages = [Page(flash, at) for at in range(address, address + size, SECTOR)]
        self.count = len(pages)
        self._used = sorted((p for p in pages if p.in_use), key=lambda p: p.sequence)
        self._free = [p for p in pages if not p.in_use]
        if not self._used:
            self._next_sequence = 0
            self._activate()
            return
        self._next_sequence = self._used[-1].sequence + 1
        self._drop_older_version()
        self._finish_freeing()
        if not self._free:
            raise EspError(esp_err.NVS_NO_FREE_PAGES)

    def __iter__(self):
        return iter(list(self._used))

    @property
    def current(self) -> Page:
        """The page that takes new items."""
        return self._used[-1]

    def request_new(self) -> None:
        """Make another page current, copying the emptiest one into it when only one is free.

        Raises EspError(NVS_NOT_ENOUGH_SPACE) when that would win nothing, PowerCut.
        """
        if len(self._free) >= 2:
            self._activate()
            return
        emptiest = min(self._used, key=lambda p: p.used)
        if not self._free or emptiest.used >= ENTRY_COUNT:
            raise EspError(esp_err.NVS_NOT_ENOUGH_SPACE)
        self._activate()
        emptiest.mark(FREEING)
        self._move(emptiest)

    def _activate(self) -> None:
        page = self._free[0]
        if page.state == CORRUPT:
            page.erase()
        self._used.append(self._free.pop(0))
        page.sequence = self._next_sequence
        self._next_sequence += 1

    def _move(self, page: Page) -> None:
        page.copy_to(self.current)
        page.erase()
        self._used.remove(page)
        self._free.append(page)

    def _drop_older_version(self) -> None:
        """Power failed after the last item was written and before its older version was erased."""
        items_here = [item for _, item in self.current.walk()]
        if not items_here:
            return
        last = items_here[-1]
        kinds = [last.type, items.BLOB] if last.type == items.BLOB_INDEX else [last.type]
        for kind in kinds:
            for page in self._used[:-1]:
                found = page.find(last.namespace, kind, last.key, last.chunk)
                if page.state != FREEING and found:
                    page.erase_item(found[0])
                    return

    def _finish_freeing(self) -> None:
        """Power failed while a page was copied: begin again with a blank target."""
        for page in self._used:
            if page.state == FREEING:
                target = self.current
                if target.state == ACTIVE:
                    target.erase()
                    self._used.remove(target)
                    self._free.append(target)
                self._activate()
                self._move(page)
                return
