# What `provision` asks a board. Runs on the board. The formats are read here as they are documented, not by the agent.
import json


def _bytes(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def _blob():
    import esp32

    buf = bytearray(4000)
    try:
        return bytes(buf[: esp32.NVS("xyte").get_blob("identity", buf)])
    except OSError:
        return b""


def _registered(record):
    """A whole record: b"XYR1", sequence (4 bytes), length (2), JSON, CRC-32; in use or parked."""
    from binascii import crc32

    if record[:4] != b"XYR1" or crc32(record[:-4]) != int.from_bytes(record[-4:], "little"):
        return False
    identity = json.loads(record[10:-4])
    return bool(identity.get("current") or identity.get("parked"))


def found():
    """The board as it is: chip, firmware, agent, whether it has an identity, what its settings say of the device."""
    import sys

    import machine

    try:
        settings = json.loads(_bytes("/settings.json"))
    except ValueError:
        settings = {}
    if not isinstance(settings, dict):
        settings = {}
    try:
        from xyte import VERSION
    except ImportError:
        VERSION = ""
    names = [name for name in ("sn", "cloud_id", "name", "setup_password") if isinstance(settings.get(name), str)]
    return {
        "firmware": sys.version,
        "agent": VERSION,
        "mac": ":".join(["%02x" % byte for byte in machine.unique_id()]),
        "registered": _registered(_bytes("/identity")) or _registered(_blob()),
        "kept": {name: settings[name] for name in names},
    }


def accept(path):
    """Judge settings in a file by the rules of the agent that will start with them. Raises its SettingsError."""
    from xyte.core import settings_rules

    with open(path) as f:
        settings_rules.read(json.load(f))
