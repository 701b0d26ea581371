"""The settings file's keys: names, defaults and rules. Data in, data out; a bad value is reported by its key.

Needed once, at start: the agent then lets go of this module.
"""

from micropython import const
from xyte.core import url
from xyte.errors import SettingsError

LEVELS = ("debug", "info", "warning", "error")  # of the log, by number
_DAY_S = const(86400)
_LEAST = {"telemetry_interval_s": 1, "tx_power_dbm": 2}  # where it is not 0
_ADDRESSES = ("ip", "mask", "gateway", "dns")

# key: (default, longest text or list or largest number); the default has the type, a float also for whole numbers
_KEYS = {
    "entry_url": ("https://entry.xyte.io", 256),
    "hardware_key": ("", 128),
    "sn": ("", 128),
    "mac": ("", 17),
    "cloud_id": ("", 128),
    "name": ("", 256),
    "sub_model": ("", 128),
    "telemetry_interval_s": (60, _DAY_S),
    "ca_files": ([], 4),
    "update_keys": ([], 4),
    "update_command": ("update_firmware", 100),
    "follow_latest": (False, 1),
    "wifi": ([], 8),
    "hostname": ("", 32),
    "tx_power_dbm": (0.0, 20),
    "link_reset_s": (7200, _DAY_S),
    "setup_password": ("", 63),
    "setup_pin": (-1, 48),
    "setup_after_s": (600, _DAY_S),
    "log_level": ("info", 16),
    "development_hosts": ([], 8),
}


class Settings:
    """One attribute for each key of the settings file. No methods: they would keep this module's code alive."""

    entry_url: str
    hardware_key: str
    sn: str
    mac: str  # aa:bb:cc:dd:ee:ff
    cloud_id: str
    name: str
    sub_model: str
    telemetry_interval_s: int
    ca_files: list  # paths
    update_keys: list  # paths
    update_command: str
    follow_latest: bool
    wifi: list  # of {"ssid", "key", "hidden", "ip", "mask", "gateway", "dns"}, all but the first optional
    hostname: str
    tx_power_dbm: float  # 0: the chip's own
    link_reset_s: int
    setup_password: str
    setup_pin: int
    setup_after_s: int
    log_level: str
    development_hosts: list


def read(values):
    """Settings from a dict as the file holds it. Raises SettingsError, which names the first key that is wrong."""
    if not isinstance(values, dict):
        raise SettingsError("not a JSON object")
    for key in values:
        if key not in _KEYS:
            raise SettingsError("unknown key '%s'" % key)
    settings = Settings()
    for key in _KEYS:
        default, limit = _KEYS[key]
        value = values.get(key)
        setattr(settings, key, default if value is None else _typed(key, value, default, limit))
    _check(settings)
    return settings


def _check(settings):
    if not settings.hardware_key:
        raise SettingsError("'hardware_key' is missing: see the Partner Portal")
    if settings.log_level not in LEVELS:
        raise SettingsError("'log_level' must be one of " + ", ".join(LEVELS))
    if settings.mac:
        settings.mac = normal_mac(settings.mac)
    for key in ("ca_files", "update_keys", "development_hosts"):
        for item in getattr(settings, key):
            if not isinstance(item, str) or not item:
                raise SettingsError("'%s' must be a list of texts" % key)
    for network in settings.wifi:
        _check_network(network)
    if settings.setup_password and not is_key(settings.setup_password):
        raise SettingsError("'setup_password' must have 8 to 63 characters")
    if len(settings.hostname.encode()) > _KEYS["hostname"][1]:  # the driver counts bytes
        raise SettingsError("'hostname' is longer than 32 bytes")
    try:
        entry = url.allowed(settings.entry_url, settings)
    except SettingsError as e:
        raise SettingsError("'entry_url': %s" % e)
    if entry.tls and not settings.ca_files:
        raise SettingsError("'ca_files' is empty, but https needs the host's CA")


def _typed(key, value, default, limit):
    kind = type(default)
    if type(value) is not kind and (kind is not float or type(value) is not int):
        names = {str: "a text", int: "a whole number", list: "a list", bool: "true or false"}
        raise SettingsError("'%s' must be %s" % (key, names.get(kind, "a number")))
    if isinstance(value, (str, list)):
        if len(value) > limit:
            raise SettingsError("'%s' is longer than %d" % (key, limit))
    elif not _LEAST.get(key, 0) <= value <= limit:
        raise SettingsError("'%s' must be %d to %d" % (key, _LEAST.get(key, 0), limit))
    return value


def _check_network(network):
    """wifi: a list of objects, best network first. ssid; key, none for an open one; hidden; ip, mask, gateway, dns."""
    if not isinstance(network, dict) or not isinstance(network.get("ssid"), str) or not network["ssid"]:
        raise SettingsError("'wifi' must be a list of objects with 'ssid' and 'key'")
    if len(network["ssid"].encode()) > 32:
        raise SettingsError("'wifi': an ssid has 32 bytes at most")
    for name in network:
        if name in _ADDRESSES:
            if not _is_address(network[name]):
                raise SettingsError("'wifi' %s of '%s' is not an IPv4 address" % (name, network["ssid"]))
        elif name not in ("ssid", "key", "hidden"):
            raise SettingsError("'wifi' has an unknown key '%s'" % name)
    key = network.get("key") or ""
    if not isinstance(key, str) or key and not is_key(key):
        raise SettingsError("'wifi' key of '%s' must have 8 to 63 characters, or 64 hex digits" % network["ssid"])
    _typed("hidden", network.get("hidden", False), False, 1)
    if "ip" in network and not ("mask" in network and "gateway" in network):
        raise SettingsError("'wifi' ip of '%s' needs a mask and a gateway" % network["ssid"])


def is_key(text):
    """A passphrase, or the 256-bit key itself as hex digits (IEEE 802.11, annex J.4)."""
    size = len(text.encode())
    return 8 <= size <= 63 or size == 64 and not text.strip("0123456789abcdefABCDEF")


def _is_address(text):
    parts = text.split(".") if isinstance(text, str) else ()
    return len(parts) == 4 and all(part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts)


def normal_mac(text):
    """aa:bb:cc:dd:ee:ff from any usual spelling. Raises SettingsError."""
    digits = text.replace(":", "").replace("-", "").replace(".", "").lower()
    if len(digits) != 12 or digits.strip("0123456789abcdef"):
        raise SettingsError("'mac' is not a MAC address")
    return ":".join([digits[i : i + 2] for i in range(0, 12, 2)])
