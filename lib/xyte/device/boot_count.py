"""The boot counter that boot.py keeps, as the agent sees it: clear it once the application has proven itself.

RTC memory, from its start: "XB", count, count ^ 0xFF. boot.py writes the same four bytes; from the second boot in a row
on it also keeps the count in NVS (namespace "xyte", key "boots"), which a power loss does not clear.
"""

import esp32
import machine

_HEAD = b"XB"
_NVS_FROM = 2


def clear():
    """The application is healthy, or the next restart is wanted."""
    kept, before = machine.RTC().memory(), 0
    if len(kept) >= 4 and kept[:2] == _HEAD and kept[2] ^ kept[3] == 0xFF:
        before = kept[2]
    if before:
        machine.RTC().memory(_HEAD + b"\0\xff" + kept[4:])
    if before >= _NVS_FROM or not before:  # not there: an application has written over it
        nvs = esp32.NVS("xyte")
        try:
            nvs.erase_key("boots")
            nvs.commit()
        except OSError:
            pass  # it was not there
