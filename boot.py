"""First code on the board: the watchdog, the choice of the application, and what to do when nothing stays up.

Nothing else of ours is imported here, so that nothing else of ours can be what is broken. NVS, namespace "xyte":

    slot    the application in use: 0 the files in the root as flashed, 1 /slot_a, 2 /slot_b
    trial   a slot that is to be tried, once; + 16 when it has been started. The agent confirms it by making it `slot`;
            a restart before that goes back to `slot`, as the bootloader does with firmware
    updating  set by the agent: fetch an update first, once, with the agent of this slot, counted from 1
    boots   boots in a row without a proof of health, from the second one on; the agent clears it

RTC memory begins with the same count as "XB", count, count ^ 0xFF; it spares flash, but does not survive a power loss.
An application that keeps something there leaves these four bytes alone, and finds the rest as it was.
Five boots belong to the application in use, five to the files in the root, then safe mode runs.
"""

import gc
import os
import sys

import esp32
import machine

_BOOTS = 5
_NVS_FROM = 2
_WATCHDOG_MS = 60000
_POWER_ON, _DEEP_SLEEP, _SOFT = 1, 4, 5
_COLLECT_EVERY = 4096  # bytes; garbage that waits until the heap is full leaves it in pieces
_FOLDERS = ("", "/slot_a", "/slot_b")
_STARTED = 16
_UPDATE = "update"


def _open():
    """None when NVS is full or broken: the application in the root is tried nevertheless."""
    try:
        return esp32.NVS("xyte")
    except OSError as e:
        print("boot: NVS: %r" % e)


def _get(key):
    try:
        return _nvs.get_i32(key)
    except (AttributeError, OSError):
        return 0


def _set(key, value):
    """True when flash has it."""
    try:
        _nvs.set_i32(key, value)
        _nvs.commit()
        return True
    except (AttributeError, OSError) as e:
        print("boot: NVS %s: %r" % (key, e))
        return False


def _count_boot():
    """Count this boot. Returns how many there were in a row, this one included."""
    kept, least = machine.RTC().memory(), _NVS_FROM
    if len(kept) >= 4 and kept[:2] == b"XB" and kept[2] ^ kept[3] == 0xFF:
        before, rest = kept[2], kept[4:]
    else:
        before, rest = _get("boots"), b""
        if machine.reset_cause() != _POWER_ON:  # an application writes over it: NVS alone has to do
            least = 1
    boots = min(before + 1, 255)
    machine.RTC().memory(b"XB" + bytes((boots, boots ^ 0xFF)) + rest)
    if least <= boots <= 2 * _BOOTS + 1:  # no more writes once safe mode is reached
        _set("boots", boots)
    return boots


def _counts(cause):
    """Waking is no new start. A soft reset is mostly a person's, mpremote begins with one; a program that ends in them
    all the time comes to the same, more slowly.
    """
    return cause != _DEEP_SLEEP and (cause != _SOFT or os.urandom(1)[0] < 26)


def _application(boots):
    """The slot to run, a trial started on the way; None when every choice has had its boots."""
    slot, trial = _get("slot"), _get("trial")
    if 0 < trial < _STARTED and trial != slot and _set("trial", trial + _STARTED) and _is_there(trial):
        return trial  # noted first: without the note it would be tried at every boot
    if slot and (boots > _BOOTS or not _is_there(slot)):
        print("boot: %s does not stay up: back to the files in the root" % _FOLDERS[slot])
        slot, boots = 0, max(1, boots - _BOOTS)
    return slot if boots <= _BOOTS else None


def _is_there(slot):
    try:
        os.stat(_FOLDERS[slot] + "/main.py")
        return True
    except OSError:
        return False


def _enter(slot):
    """main.py and lib/ come from its folder from here on."""
    if slot:
        os.chdir(_FOLDERS[slot])
        sys.path.insert(1, _FOLDERS[slot] + "/lib")


def _is_update_due():
    """Once: the wish is gone before it is followed, so that whatever comes of it, the application is next."""
    try:
        _nvs.erase_key("updating")
        _nvs.commit()
        return True
    except OSError:  # there is none
        return False


def _choose():
    """Enter the slot to run. Returns why main.py must not run now: _UPDATE, why safe mode has to; or None."""
    boots = _count_boot() if _counts(machine.reset_cause()) else 1
    slot = _get("updating") - 1
    if slot >= 0 and _is_update_due():
        _enter(slot)
        return _UPDATE
    slot = _application(boots)
    if slot is None:
        return "%d boots without health" % boots
    if not _is_there(slot):
        return "no main.py"
    _enter(slot)
    return None


def _show_console():
    """From MicroPython 1.27 on a chip's own USB comes up after boot.py, which from here on does not end."""
    if hasattr(machine, "USBDevice") and sys.implementation.version >= (1, 27):
        usb = machine.USBDevice()  # pyright: ignore[reportAttributeAccessIssue] - not on every chip
        usb.builtin_driver = usb.BUILTIN_DEFAULT
        usb.active(True)


machine.WDT(timeout=_WATCHDOG_MS)
gc.threshold(_COLLECT_EVERY)
_nvs = _open()
instead, update = _choose(), _UPDATE
if instead:
    _show_console()
for name in [name for name in globals() if name.startswith("_") and not name.startswith("__")]:
    del globals()[name]  # main.py has the same globals: all of this would stay on the heap, 2 KiB
if instead == update:
    from xyte import updater

    updater.run()
elif instead:
    print("boot: safe mode: " + instead)
    from xyte import safe

    safe.run(instead)
del instead, update, name
