# What a board is and has, question by question, for `doctor` and `console`. Runs on the board. No secret leaves it.
import gc
import json
import os
import struct
import sys

import esp32
import machine


def firmware():
    try:
        import tls  # noqa: F401

        has_tls = True
    except ImportError:
        has_tls = False
    info = sys.implementation
    return {"version": tuple(info[1][:3]), "machine": getattr(info, "_machine", "?"), "tls": has_tls}


def chip():
    try:
        import esp

        flash = esp.flash_size()
    except (ImportError, AttributeError):
        flash = 0
    cause, hz = machine.reset_cause(), machine.freq()
    return {"mac": machine.unique_id().hex(), "flash": flash, "reset_cause": cause, "hz": hz}


def partitions():
    """Rows of the table, what runs, what boots next, where an update would go; project and version of what runs."""
    rows = [p.info() for kind in (0, 1) for p in esp32.Partition.find(kind)]
    running = esp32.Partition(esp32.Partition.RUNNING)
    try:
        spare = running.get_next_update().info()[4]
    except OSError:
        spare = None
    head = bytearray(112)
    running.readblocks(0, head, 0)
    return {
        "rows": [row[:5] for row in rows],
        "running": running.info()[4],
        "boot": esp32.Partition(esp32.Partition.BOOT).info()[4],
        "spare": spare,
        "version": text(head[48:80]),
        "project": text(head[80:112]),
        "records": records(),
    }


def text(field):
    field = bytes(field).split(b"\0")[0]
    return str(field, "utf8") if all(32 <= byte < 127 for byte in field) else ""


def records():
    """(sequence, state) of both otadata records."""
    found = []
    for otadata in esp32.Partition.find(1, label="otadata"):
        for block in (0, 1):
            buf = bytearray(32)
            otadata.readblocks(block, buf, 0)
            found.append((struct.unpack("<I", buf[:4])[0], struct.unpack("<I", buf[24:28])[0]))
    return found


def slots():
    nvs = esp32.NVS("xyte")
    numbers = {}
    for key in ("slot", "trial", "boots"):
        try:
            numbers[key] = nvs.get_i32(key)
        except OSError:
            numbers[key] = 0
    for folder in ("/slot_a", "/slot_b"):
        try:
            with open(folder + "/version") as f:
                numbers[folder] = f.read().strip()
        except OSError:
            numbers[folder] = None
    numbers["files"] = [path for path in ("/boot.py", "/main.py") if there(path)]
    return numbers


def boot_ran():
    """Has our boot.py started this board, a file or frozen? It leaves its count in RTC memory."""
    return machine.RTC().memory()[:2] == b"XB"


def there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def heaps():
    gc.collect()
    idf = esp32.idf_heap_info(esp32.HEAP_DATA)
    return {"free": gc.mem_free(), "idf_free": sum(r[1] for r in idf),
            "idf_largest": max(r[2] for r in idf)}


def stores():
    """Do NVS and file system keep what they are given? And how much room there is."""
    nvs = esp32.NVS("doctor")
    nvs.set_blob("probe", b"probe")
    nvs.commit()
    buf = bytearray(8)
    kept = bytes(buf[: nvs.get_blob("probe", buf)]) == b"probe"
    nvs.erase_key("probe")
    nvs.commit()
    with open("/doctor.tmp", "w") as f:
        f.write("probe")
    with open("/doctor.tmp") as f:
        file_kept = f.read() == "probe"
    os.remove("/doctor.tmp")
    stat = os.statvfs("/")
    return {"nvs": kept, "files": file_kept, "size": stat[1] * stat[2], "free": stat[0] * stat[3]}


def agent():
    """Version and file of the agent that runs, of a slot's if that brings one; None where none can be imported."""
    try:
        import xyte

        return xyte.VERSION, getattr(xyte, "__file__", "?")
    except Exception:  # noqa: BLE001 - whatever keeps it from being imported
        return None


def identity():
    """Of both copies whether it is whole; the id, and the hub. The access key stays here."""
    copies, newest = {}, (-1, {})
    buf = bytearray(4000)
    try:
        data = {"NVS": bytes(buf[: esp32.NVS("xyte").get_blob("identity", buf)])}
    except OSError:
        data = {"NVS": b""}
    try:
        with open("/identity", "rb") as f:
            data["file"] = f.read()
    except OSError:
        data["file"] = b""
    from binascii import crc32

    for name in data:
        record = data[name]
        whole = len(record) > 14 and record[:4] == b"XYR1" and crc32(record[:-4]) == struct.unpack("<I", record[-4:])[0]
        copies[name] = bool(whole)
        if whole and struct.unpack("<I", record[4:8])[0] > newest[0]:
            newest = struct.unpack("<I", record[4:8])[0], json.loads(record[10:-4])
    current = newest[1].get("current")
    return {"copies": copies, "id": current and current["id"], "parked": bool(newest[1].get("parked")),
            "hubs": current and [current[key] for key in ("hub_url", "hub_url_static_cert") if current.get(key)]}


def settings():
    """What the agent's own rules say of /settings.json, and the part of it that is no secret."""
    found = {"fault": rules_say(), "networks": []}
    try:
        with open("/settings.json") as f:
            values = json.load(f)
    except OSError:
        found["fault"] = "/settings.json is not there"
        return found
    except ValueError:
        found["fault"] = "/settings.json is not JSON"
        return found
    for key in ("entry_url", "sn", "mac", "name", "ca_files", "update_keys", "telemetry_interval_s", "log_level"):
        if key in values:
            found[key] = values[key]
    found["fault"] = found["fault"] or pins_say("/settings.json")
    if not found["fault"]:
        found["networks"] = [known["ssid"] for known in values.get("wifi", [])]
    return found


def rules_say():
    """The agent's complaint, None if there is none. It brings a lost file back from its spare copy first."""
    try:
        from xyte.device.flash_keys import FlashKeys
        from xyte.errors import SettingsError, StoreError
        from xyte.services.settings_file import SettingsFile
    except ImportError:
        return None
    try:
        SettingsFile(FlashKeys(esp32.NVS("xyte"))).load()
    except (SettingsError, StoreError) as e:
        return str(e)


def pins_say(path):
    """What is wrong with a pin in the settings: with one of its flash's a chip dies in each start, and no rule of the
    agent forbids it.
    """
    with open(path) as f:
        pin = json.load(f).get("setup_pin")
    head = bytearray(16)
    esp32.Partition(esp32.Partition.RUNNING).readblocks(0, head, 0)
    first, last = {0: (6, 11), 2: (26, 32), 5: (12, 17), 9: (26, 32)}.get(head[12], (0, -1))  # ESP32, S2, C3, S3
    if isinstance(pin, int) and first <= pin <= last:
        return "'setup_pin' %d: this chip's flash is on %d to %d" % (pin, first, last)


def forget_identity():
    """Both copies, and what was under way for it: the agent registers anew."""
    nvs = esp32.NVS("xyte")
    for key in ("identity", "command", "update", "update.at"):
        try:
            nvs.erase_key(key)
        except OSError:
            pass
    nvs.commit()
    for path in ("/identity", "/identity.new"):
        try:
            os.remove(path)
        except OSError:
            pass
