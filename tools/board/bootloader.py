"""The second-stage bootloader: which slot starts, with rollback.

Behaviour of `bootloader_utility.c` in ESP-IDF 5.5 with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, no factory
application, no anti-rollback, no secure boot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools import image
from tools.board import layout, otadata
from tools.board.flash import Flash
from tools.board.layout import Partition


class NoBootableImage(Exception):
    """No slot holds an image that verifies; the real chip resets for ever."""


@dataclass(frozen=True)
class Choice:
    """The slot that starts and the image in it."""

    slot: Partition
    image: image.Image


def boot(flash: Flash, log: Callable[[str], None] = lambda line: None) -> Choice:
    """Choose, verify and settle the record of the slot to start, as at every reset but deep-sleep wake.

    Writes otadata where the real one does: PENDING_VERIFY becomes ABORTED, NEW becomes PENDING_VERIFY, and
    an unwritten otadata gets a VALID record. Raises PowerCut, NoBootableImage, layout.LayoutError.
    """
    partitions = layout.unpack(flash.read(layout.TABLE_ADDRESS, layout.TABLE_SIZE))
    slots = [p for p in partitions if p.is_slot]
    otadata_at = layout.find(partitions, "otadata").address
    start, unwritten = _selected(flash, otadata_at, len(slots))
    for index in _order(start, len(slots)):
        try:
            found = image.parse(flash.read(slots[index].address, slots[index].size))
        except image.ImageError as error:
            log(f"E (boot) OTA app partition slot {index} is not bootable: {error}")
            continue
        if unwritten:
            otadata.write(flash, otadata_at, 0, otadata.fresh(index + 1, otadata.VALID))
        return Choice(slots[index], found)
    raise NoBootableImage("No bootable app partitions in the partition table")


def wake(flash: Flash, slot: Partition) -> Choice:
    """Start the slot that went into deep sleep again: no choice, and no look at otadata."""
    return Choice(slot, image.parse(flash.read(slot.address, slot.size)))


def _selected(flash: Flash, address: int, slots: int) -> tuple[int, bool]:
    """Index of the slot to try first (-1: none is named), and whether otadata is still to be written."""
    records = otadata.read(flash, address)
    for i in (0, 1):
        if records[i].state == otadata.PENDING_VERIFY:
            records[i] = otadata.with_state(records[i], otadata.ABORTED)
            otadata.write(flash, address, i, records[i])
    if records[0].rejected and records[1].rejected:
        return 0, not records[0].crc_ok and not records[1].crc_ok
    active = otadata.active(records)
    if active is None:
        return -1, False
    if records[active].state == otadata.NEW:
        otadata.write(flash, address, active, otadata.with_state(records[active], otadata.PENDING_VERIFY))
    return (records[active].sequence - 1) % slots, False


def _order(start: int, slots: int) -> list[int]:
    """First backwards from the chosen slot, then forwards: `bootloader_utility_load_boot_image`."""
    return [*range(start, -1, -1), *range(start + 1, slots)]
