"""Adds a network to the settings file, in front of those that are there already."""

import json

from xyte.core import settings_rules
from xyte.services import files
from xyte.services.settings_file import PATH, SettingsFile

_MOST = 8


def remember(chip, ssid, key):
    """Write the settings with this network as the best one. Returns all networks.

    What is written is what was tried, so a static address of the same network goes. Raises OSError, SettingsError: the
    old settings then still stand.
    """
    path = chip.root + PATH
    values = json.loads(files.read(path) or b"{}")  # without a file the rules refuse it
    others = [network for network in values.get("wifi") or () if network["ssid"] != ssid]
    values["wifi"] = [{"ssid": ssid, "key": key}] + others[: _MOST - 1]
    settings_rules.read(values)
    files.write(path, json.dumps(values).encode())
    return SettingsFile(chip.keys, chip.root).load().wifi  # which makes the spare copy follow
