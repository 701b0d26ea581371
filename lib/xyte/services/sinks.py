"""Where an update goes: a partition or a folder. Both take whole buffers in order and can tell what lies on flash.

    take(buf, count)   the next bytes; count is less than the buffer only at the end
    finish()           all of them were taken; raises CommandError when something is missing
    safe               so many bytes are on flash for good: a download may go on from there
    digest(feed)       SHA-256 (32 bytes) of what is read back from flash, as the payload was signed
"""


def of(chip, update, at, buf):
    """The sink for an update record, from byte `at` on. buf: 4 KiB to work with. Raises CommandError."""
    slots = chip.slots(update["kind"])
    if update["kind"] == "application":  # of the two only the code that is wanted
        from xyte.services.folder_sink import FolderSink

        return FolderSink(chip.root + slots.spare, update["size"], at, buf)
    from xyte.services.partition_sink import PartitionSink

    return PartitionSink(slots, update["size"], at, buf)
