"""Adds a network to the settings file, in front of those that are there already."""

import json

from xyte.core import settings_rules
from xyte.services import files
from xyte.services.settings_file import PATH, SettingsFile

_MOST = 8


def remember(chip, ssid, key):
    """Write the settings with this network as the best one. Returns all networks.

    The same network from before keeps its address. Raises OSError, SettingsError: the old settings then still stand.
    """
    path = chip.root + PATH
    values = json.loads(files.read(path) or b"{}")  # without a file the rules refuse it
    chosen, others = {"ssid": ssid}, []
    for network in values.get("wifi") or ():
        if network["ssid"] == ssid:
            chosen.update(network)
        else:
            others.append(network)
    chosen["key"] = key
    values["wifi"] = [chosen] + others[: _MOST - 1]
    settings_rules.read(values)
    files.write(path, json.dumps(values).encode())
    return SettingsFile(chip.keys, chip.root).load().wifi  # which makes the spare copy follow
