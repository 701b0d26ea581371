"""The settings of one device: names, defaults and rules. Data in, data out; a bad value is reported by its key."""

from xyte.core import url
from xyte.errors import SettingsError

_LEVELS = ("debug", "info", "warning", "error")
_MIN_INTERVAL_S, _MAX_INTERVAL_S = 1, 86400

# key: (default, type, longest text or list)
_KEYS = {
    "entry_url": ("https://entry.xyte.io", str, 256),
    "hardware_key": ("", str, 128),
    "sn": ("", str, 128),
    "mac": ("", str, 17),
    "cloud_id": ("", str, 128),
    "name": ("", str, 256),
    "sub_model": ("", str, 128),
    "telemetry_interval_s": (60, int, 0),
    "ca_files": ([], list, 4),
    "wifi": ([], list, 8),
    "log_level": ("info", str, 16),
    "development_hosts": ([], list, 8),
}


class Settings:
    """One attribute for each key of the settings file."""

    def __init__(self, values):
        """values: dict as read from the file. Raises SettingsError, which names the first key that is wrong."""
        if not isinstance(values, dict):
            raise SettingsError("settings: not a JSON object")
        for key in values:
            if key not in _KEYS:
                raise SettingsError("settings: unknown key '%s'" % key)
        for key in _KEYS:
            default, kind, limit = _KEYS[key]
            value = values.get(key)
            setattr(self, key, default if value is None else _typed(key, value, kind, limit))
        self._check()

    def _check(self):
        if not self.hardware_key:
            raise SettingsError("settings: 'hardware_key' is missing; it comes from the Partner Portal")
        if not _MIN_INTERVAL_S <= self.telemetry_interval_s <= _MAX_INTERVAL_S:
            limits = (_MIN_INTERVAL_S, _MAX_INTERVAL_S)
            raise SettingsError("settings: 'telemetry_interval_s' must be %d to %d" % limits)
        if self.log_level not in _LEVELS:
            raise SettingsError("settings: 'log_level' must be one of " + ", ".join(_LEVELS))
        if self.mac:
            self.mac = normal_mac(self.mac)
        for key in ("ca_files", "development_hosts"):
            for item in getattr(self, key):
                if not isinstance(item, str) or not item:
                    raise SettingsError("settings: '%s' must be a list of texts" % key)
        for network in self.wifi:
            _check_network(network)
        try:
            entry = self.host(self.entry_url)
        except SettingsError as e:
            raise SettingsError("settings: 'entry_url': %s" % e)
        if entry.tls and not self.ca_files:
            raise SettingsError("settings: 'ca_files' is empty; https needs the CA certificate of the entry host")

    def host(self, text):
        """A cloud URL taken apart. Raises SettingsError when it is plain http to a host that is no development host."""
        parts = url.split(text, "http" if self.entry_url.lower().startswith("http://") else "https")
        if not parts.tls and parts.host not in self.development_hosts:
            raise SettingsError("%s is plain http, and its host is not in 'development_hosts'" % text)
        return parts


def _typed(key, value, kind, limit):
    if not isinstance(value, kind) or isinstance(value, bool):
        names = {str: "a text", int: "a whole number", list: "a list"}
        raise SettingsError("settings: '%s' must be %s" % (key, names[kind]))
    if limit and len(value) > limit:
        raise SettingsError("settings: '%s' is longer than %d" % (key, limit))
    return value


def _check_network(network):
    """wifi: a list of {"ssid": text, "key": text}, best network first; no key for an open one."""
    if not isinstance(network, dict) or not isinstance(network.get("ssid"), str) or not network["ssid"]:
        raise SettingsError("settings: 'wifi' must be a list of objects with 'ssid' and 'key'")
    for name in network:
        if name not in ("ssid", "key"):
            raise SettingsError("settings: 'wifi' has an unknown key '%s'" % name)
    key = network.get("key") or ""
    if not isinstance(key, str) or (key and not 8 <= len(key) <= 64):
        raise SettingsError("settings: 'wifi' key of '%s' must be a text of 8 to 64 characters" % network["ssid"])


def normal_mac(text):
    """aa:bb:cc:dd:ee:ff from any usual spelling. Raises SettingsError."""
    digits = text.replace(":", "").replace("-", "").replace(".", "").lower()
    if len(digits) != 12 or any(ch not in "0123456789abcdef" for ch in digits):
        raise SettingsError("settings: 'mac' is not a MAC address")
    return ":".join([digits[i : i + 2] for i in range(0, 12, 2)])
