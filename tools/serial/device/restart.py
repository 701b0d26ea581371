# What comes before a restart from the host. Runs on the board.
import struct

import esp32
import machine


def prepare():
    """Make the restart one that is wanted: not counted as a failed start, and the end of no trial.

    Returns True when the bootloader must not run: it would take a firmware update on trial back.
    """
    kept = machine.RTC().memory()
    if kept[:2] == b"XB":
        machine.RTC().memory(b"XB\0\xff" + kept[4:])
    nvs = esp32.NVS("xyte")
    try:
        nvs.erase_key("boots")
    except OSError:
        pass
    try:
        trial = nvs.get_i32("trial")
        if trial > 16:  # boot.py has started it once, and would leave it now
            nvs.set_i32("trial", trial - 16)
    except OSError:
        pass
    nvs.commit()
    for otadata in esp32.Partition.find(1, label="otadata"):
        for block in (0, 1):
            record = bytearray(32)
            otadata.readblocks(block, record, 0)
            if struct.unpack("<I", record[24:28])[0] == 1:
                return True
    return False
