# Files on the board, for `deploy`. Runs on the board.
import hashlib
import os


def about():
    """What the host must know: MicroPython's version and .mpy format, free bytes, who brings the agent, the slot."""
    import sys

    import esp32

    stat = os.statvfs("/")
    os.chdir("/")
    # Not what a slot has of its own, nor what lies in the root: its path would look like that of a frozen one.
    sys.path[:] = [path for path in sys.path if path and not path.startswith("/slot_")]
    sys.modules.pop("xyte", None)
    try:
        import xyte

        agent = getattr(xyte, "__file__", "?"), xyte.VERSION
    except Exception:  # noqa: BLE001 - half of a deployment: no __init__ or no VERSION in it, another format
        agent = None
    sys.modules.pop("xyte", None)
    slots = {}
    nvs = esp32.NVS("xyte")
    for key in ("slot", "trial"):
        try:
            slots[key] = nvs.get_i32(key)
        except OSError:
            slots[key] = 0
    return {
        "version": tuple(sys.implementation[1][:3]),
        "mpy": getattr(sys.implementation, "_mpy", 0),
        "free": stat[0] * stat[3],
        "agent": agent,
        "slots": slots,
    }


def hashes(paths):
    """SHA-256 of each file as hex, None where there is none."""
    buf = bytearray(1024)
    view = memoryview(buf)
    found = {}
    for path in paths:
        sha = hashlib.sha256()
        try:
            with open(path, "rb") as f:
                while True:
                    n = f.readinto(buf)
                    if not n:
                        break
                    sha.update(view[:n])
            found[path] = sha.digest().hex()
        except OSError:
            found[path] = None
    return found


def existing(paths):
    """Those of the paths that are there, file or folder."""
    found = []
    for path in paths:
        try:
            os.stat(path)
            found.append(path)
        except OSError:
            pass
    return found


def folder(path):
    """Make a folder and those above it."""
    at = 0
    while at >= 0:
        at = path.find("/", at + 1)
        try:
            os.mkdir(path if at < 0 else path[:at])
        except OSError:
            pass


def empty(path):
    """Remove what is in a folder of files, and the folder."""
    try:
        for name in os.listdir(path):
            os.remove(path + "/" + name)
        os.rmdir(path)
    except OSError:
        pass


def clear(path):
    """Remove a folder and all that is in it; absent is fine."""
    try:
        names = os.listdir(path)
    except OSError:
        return
    for name in names:
        name = path + "/" + name
        if os.stat(name)[0] & 0x4000:
            clear(name)
        else:
            os.remove(name)
    os.rmdir(path)


def move(pairs):
    """Rename each (from, to); what was there is replaced in one step."""
    for source, target in pairs:
        os.rename(source, target)


def remove(paths):
    """Remove files, then the folders that are empty now. Absent is fine."""
    for path in paths:
        while path.count("/") > 0 and path != "":
            try:
                if os.stat(path)[0] & 0x8000:
                    os.remove(path)
                else:
                    os.rmdir(path)
            except OSError as e:
                if e.errno != 2:
                    break
            path = path[: path.rfind("/")]


def choose(slot):
    """What boot.py runs from now on, without trial: 0 the files in the root, 1 /slot_a, 2 /slot_b."""
    import esp32

    nvs = esp32.NVS("xyte")
    for key in ("trial", "boots"):
        try:
            nvs.erase_key(key)
        except OSError:
            pass
    nvs.set_i32("slot", slot)
    nvs.commit()
