"""First code on the board: the watchdog, and the count of boots without a proof of health.

The count lives in RTC memory ("XB", count, count ^ 0xFF; the agent clears it when it is healthy). That memory does not
survive a power loss, so from the second boot in a row on the count is kept in NVS too (namespace "xyte", key "boots").
Five boots in a row belong to the application; from the sixth on safe mode runs in its place. Nothing else of ours is
imported here, so that nothing else of ours can be what is broken.
"""

import esp32
import machine

_BOOTS = 5
_NVS_FROM = 2
_WATCHDOG_MS = 60000
_DEEP_SLEEP = 4


def _boots_before():
    kept = machine.RTC().memory()
    if len(kept) >= 4 and kept[:2] == b"XB" and kept[2] ^ kept[3] == 0xFF:
        return kept[2], kept[4:]
    try:
        return esp32.NVS("xyte").get_i32("boots"), b""
    except OSError:
        return 0, b""


def _count_boot():
    """Count this boot. Returns how many there were in a row, this one included."""
    before, rest = _boots_before()
    boots = min(before + 1, 255)
    machine.RTC().memory(b"XB" + bytes((boots, boots ^ 0xFF)) + rest)
    if _NVS_FROM <= boots <= _BOOTS + 1:  # no more writes once safe mode is reached
        try:
            nvs = esp32.NVS("xyte")
            nvs.set_i32("boots", boots)
            nvs.commit()
        except OSError:
            pass  # RTC memory alone then
    return boots


machine.WDT(timeout=_WATCHDOG_MS)
if machine.reset_cause() != _DEEP_SLEEP:
    _boots = _count_boot()
    if _boots > _BOOTS:
        print("boot: %d boots without health: safe mode" % _boots)
        from xyte import safe

        safe.run(_boots)
