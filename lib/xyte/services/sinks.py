"""Where an update goes: a partition or a folder. Both take whole buffers in order and can tell what lies on flash.

take(buf, count)   the next bytes; count is less than the buffer only at the end
finish()           all of them were taken; raises CommandError when something is missing
abandon()          it cannot go on: nothing of it is to stay in the way
safe               so many bytes are on flash for good: a download may go on from there
park()             a tuple for another one to go on with; its first item is what to close should none do so, or None

The buffer has 4 KiB for firmware, and a multiple of 512 bytes for an application. Of the two only the code that is
wanted is loaded.
"""

from xyte import phase


def spare(chip, kind):
    """Name of the slot that an update of this kind goes into. Raises CommandError when it must not go there now."""
    slots = chip.slots(kind)
    slots.settled()
    return slots.spare


def of(chip, update, at, parked=None):
    """The sink for an update record. Raises CommandError.

    at: first byte that it takes. parked: where an earlier one stood; then `at` does not matter.
    """
    slots = chip.slots(update["kind"])
    if update["kind"] == "application":
        from xyte.services.folder_sink import FolderSink

        return FolderSink(chip.root + slots.spare, update["size"], at, parked)
    from xyte.services.partition_sink import PartitionSink

    return PartitionSink(slots, update["size"], at, parked)


def digest(chip, update, buf):
    """SHA-256 (32 bytes) of what is read back from flash, as the payload was signed."""
    slots = chip.slots(update["kind"])
    if update["kind"] == "application":
        return phase.call("xyte.services.slot_folder", "digest", chip.root + slots.spare, buf, chip.feed)
    from xyte.services import partition_sink

    return partition_sink.digest(slots, update["size"], buf, chip.feed)
