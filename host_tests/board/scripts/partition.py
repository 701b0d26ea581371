"""`esp32.Partition`: find, info, next update, reads, and every error. Reads only, unless WRITE_SPARE is true.

Sources: MicroPython ports/esp32/esp32_partition.c and mphalport.c; ESP-IDF components/esp_partition and app_update.
With WRITE_SPARE the slot that does not run is erased: what an update put there is gone.
"""

import errno
import struct
from binascii import crc32

from esp32 import Partition

BLOCK = 4096
ARG = ("OSError", -258, "ESP_ERR_INVALID_ARG")
SIZE = ("OSError", -260, "ESP_ERR_INVALID_SIZE")


def look():
    run = Partition(Partition.RUNNING)
    info("running", run.info())
    kind_, subtype, address, size, label, encrypted = run.info()
    check("info of the running slot", (kind_, type(label), encrypted), (Partition.TYPE_APP, str, False))
    holds("slots begin at 64 KiB", address % 0x10000 == 0 and size % BLOCK == 0, (address, size))
    labels = [p.info()[4] for p in Partition.find()]
    holds("find() finds applications", label in labels and "nvs" not in labels, labels)
    data = [p.info()[4] for p in Partition.find(Partition.TYPE_DATA)]
    holds("find(TYPE_DATA) finds the others", "nvs" in data and label not in data, data)
    check("find by subtype", [p.info() for p in Partition.find(Partition.TYPE_APP, subtype)], [run.info()])
    check("find by label", [p.info() for p in Partition.find(label=label)], [run.info()])
    check("find of nothing", Partition.find(label="no"), [])
    check("by its label", Partition(label).info(), run.info())
    holds("BOOT is an application", Partition(Partition.BOOT).info()[4] in labels)
    if "vfs" in data:
        holds("the file system has a label", Partition("vfs").info()[:2] == (1, 0x81), Partition("vfs").info())
    else:  # the port mounts "ffat", too
        skip("the file system has a label", "no vfs in this table, but %s" % data)
    check("unknown label", raised(Partition, "no"), ("OSError", errno.ENOENT))
    check("unknown number", raised(Partition, 7), ("ValueError",))
    check("no label at all", kind(Partition, None), "TypeError")
    return run


def read(run):
    size, blocks = run.info()[3], run.info()[3] // BLOCK
    check("ioctl: blocks, size, unknown", (run.ioctl(4, 0), run.ioctl(5, 0), run.ioctl(99, 0)), (blocks, BLOCK, None))
    check("ioctl: start, stop, flush", (run.ioctl(1, 0), run.ioctl(2, 0), run.ioctl(3, 0)), (0, 0, 0))
    small = Partition(run.info()[4], 512)
    check("ioctl of small blocks", (small.ioctl(4, 0), small.ioctl(5, 0)), (size // 512, 512))
    check("no erase of small blocks", small.ioctl(6, 0), -errno.EINVAL)
    one, part = bytearray(BLOCK), bytearray(16)
    run.readblocks(0, one)
    check("an application begins with 0xE9", one[0], 0xE9)
    run.readblocks(0, part, 100)
    check("a read with an offset", part, one[100:116])
    small.readblocks(1, part)
    check("a read of a small block", part, one[512:528])
    check("a read into a buffer of no bytes", raised(run.readblocks, 0, bytearray(0)), ARG)  # it is a null pointer
    check("a byte beyond the end", raised(run.readblocks, blocks, bytearray(1)), SIZE)
    check("a read across the end", raised(run.readblocks, blocks - 1, bytearray(BLOCK + 1)), SIZE)
    check("a read behind the end", raised(run.readblocks, blocks + 1, bytearray(1)), ARG)
    check("a read into bytes", kind(run.readblocks, 0, b"1234"), "TypeError")


def next_update(run):
    slots = [p.info()[4] for p in Partition.find() if 0x10 <= p.info()[1] < 0x20]
    if not slots:
        check("no next update without OTA slots", raised(run.get_next_update), ("OSError", errno.ENOENT))
        return None
    spare = run.get_next_update()
    holds("the next update is another slot", spare.info()[4] != run.info()[4], spare.info())
    if len(slots) == 2 and run.info()[4] in slots:
        check("and its next one is the first", spare.get_next_update().info()[4], run.info()[4])
    else:
        skip("and its next one is the first", "%s runs, the slots are %s" % (run.info()[4], slots))
    return spare


def on_trial():
    """Is the running image unconfirmed? Then the other slot is the way back. As the bootloader finds it in otadata."""
    newest = (0, None)
    for otadata in Partition.find(Partition.TYPE_DATA, label="otadata"):
        for block in (0, 1):
            record = bytearray(32)  # esp_ota_select_entry_t
            otadata.readblocks(block, record, 0)
            sequence, state, crc = struct.unpack("<I20xII", record)
            if crc == crc32(record[:4], 0xFFFFFFFF) and sequence != 0xFFFFFFFF:
                newest = max(newest, (sequence, state))
    return newest[1] == 1  # ESP_OTA_IMG_PENDING_VERIFY


def write(spare):
    """Errors, erasing, NOR rules, a boot choice that is refused. Ends with a blank slot."""
    blocks = spare.info()[3] // BLOCK
    got = bytearray(4)
    check("a write is whole blocks", raised(spare.writeblocks, 0, b"abc"), SIZE)
    check("a write beyond the end", raised(spare.writeblocks, blocks, bytes(BLOCK)), SIZE)
    check("a write behind the end", raised(spare.writeblocks, blocks + 1, bytes(BLOCK)), ARG)
    check("an erase beyond the end", raised(spare.ioctl, 6, blocks), SIZE)
    spare.writeblocks(0, b"\xf0" * BLOCK)
    spare.writeblocks(0, b"\x3c", 1)
    spare.readblocks(0, got)
    check("without an erase bits only fall", got, b"\xf0\x30\xf0\xf0")
    spare.writeblocks(0, b"\x0f" * BLOCK)
    spare.readblocks(0, got)
    check("a whole block is erased first", got, b"\x0f" * 4)
    spare.writeblocks(1, b"12345", BLOCK - 2)
    spare.readblocks(1, got, BLOCK - 2)
    holds("an offset may cross blocks", got[:2] == b"12" or got[0] & ~0x31 == 0, got)
    small = Partition(spare.info()[4], 512)
    small.writeblocks(1, b"\x11" * 512)
    spare.readblocks(0, got, 510)
    check("a small block leaves its neighbours", got, b"\x0f\x0f\x11\x11")
    for block in range(3):
        check("erase block %d" % block, spare.ioctl(6, block), 0)
    spare.readblocks(0, got)
    check("erased is 0xFF", got, b"\xff" * 4)
    refused = ("OSError", -5379, "ESP_ERR_OTA_VALIDATE_FAILED")
    check("a blank slot cannot be booted", raised(spare.set_boot), refused)
    spare.writeblocks(0, b"\xe9" + bytes(BLOCK - 1))
    check("nor a broken image", raised(spare.set_boot), refused)
    spare.ioctl(6, 0)


def main():
    run = look()
    read(run)
    spare = next_update(run)
    names = "writes, NOR rules, a refused boot choice"
    if not spare:
        skip(names, "this table has no second slot")
    elif not WRITE_SPARE:
        skip(names, "they erase the slot that does not run: --write-spare allows it")
    elif Partition(Partition.BOOT).info()[4] != run.info()[4]:
        skip(names, "the other slot is chosen for the next boot")
    elif on_trial():
        skip(names, "the running firmware is on trial: the other slot is the way back")
    else:
        write(spare)


main()
