"""The settings file and the certificates and keys it names, with a spare copy in NVS.

Without them an identity is worth nothing: a board whose file system was wiped comes back by itself from the spare.
The file is the truth whenever it can be read; the spare follows it, and an unchanged one costs no write.
"""

import json

from micropython import const
from xyte import log
from xyte.core import record, settings_rules
from xyte.errors import SettingsError, StoreError
from xyte.services import files

PATH = "/settings.json"
_KEY = "settings"
_CA_KEY = "ca%d"
_SPARES = const(3)  # of certificates, and of keys: more would leave too little of the 24 KiB of NVS
_UPDATE_KEY = "update_key%d"


class SettingsFile:
    """keys: key-value store. root: folder in front of every path, "" on a board."""

    def __init__(self, keys, root=""):
        self._keys, self._root = keys, root

    def load(self):
        """Returns Settings. Raises SettingsError: no settings anywhere, or a bad one, named by its key."""
        data = self._read(PATH, _KEY)
        if data is None:
            raise SettingsError("no settings: write %s (see README, settings)" % PATH)
        try:
            values = json.loads(data)
        except ValueError:
            raise SettingsError("%s is not JSON" % PATH)
        settings = settings_rules.read(values)
        self._keep_spare(PATH, _KEY, data)
        settings.ca_files = self._named("ca_files", settings.ca_files, _CA_KEY)
        settings.update_keys = self._named("update_keys", settings.update_keys, _UPDATE_KEY)
        return settings

    def _named(self, name, paths, key):
        """The files that a setting names, all there and each with its spare. Returns their full paths."""
        for i in range(len(paths)):
            data = self._read(paths[i], key % i)
            if data is None:
                raise SettingsError("'%s': %s is missing" % (name, paths[i]))
            if i < _SPARES:
                self._keep_spare(paths[i], key % i, data)
        return [self._root + path for path in paths]

    def _read(self, path, key):
        """The file's bytes; or those of the spare, with the file restored; or None."""
        data = files.read(self._root + path)
        if data is not None:
            return data
        try:
            spare = record.unpack(self._keys.get(key))
        except StoreError as e:
            log.warning("settings", e)
            return None
        if not spare:
            return None
        log.warning("settings", "%s restored from the spare copy" % path)
        try:
            files.write(self._root + path, spare[1])
        except OSError as e:
            log.error("settings", "%s cannot be written: %r" % (path, e))
        return spare[1]

    def _keep_spare(self, path, key, data):
        """After the content was found good: a damaged file must not spoil the spare as well."""
        try:
            self._keys.set(key, record.pack(0, data))
        except StoreError as e:
            log.warning("settings", "no spare of %s: %s" % (path, e))
