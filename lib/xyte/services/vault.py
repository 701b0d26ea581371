"""The identity: device id, access key and hub, kept twice, because it can be had only once.

One record holds both the identity in use and the parked one: given up after the cloud kept saying 401, but not
forgotten; if the cloud then says "already registered", it was the cloud that was wrong. The record is kept as an NVS
blob and as a file; the newer whole copy is the truth and repairs the other.
"""

import json

from xyte import log
from xyte.core import record
from xyte.errors import StoreError
from xyte.services import files
from xyte.services.secrecy import hide

_KEY = "identity"
_PATH = "/identity"
_PROBE_BYTES = 320  # about the size of a real record


class Vault:
    """keys: key-value store (NVS). root: folder in front of the file's path, "" on a board."""

    def __init__(self, keys, root=""):
        self._keys, self._path = keys, root + _PATH
        self._sequence = 0
        self.current = None  # dict with id, access_key, hub_url, hub_url_static_cert; None: not registered
        self.parked = None

    def load(self):
        """Read both copies, believe the newest whole one, mend the other. Absent, empty and torn ones are no copies.

        A file that the power cut left beside its place counts too: it may be the only copy of a new identity.
        """
        copies = [self._read_key(), files.read(self._path), files.begun(self._path)]
        best = None
        for copy in copies:
            whole = record.unpack(copy)
            if whole and (not best or whole[0] > best[0]):
                best = whole
        if not best:
            return
        self._sequence = best[0]
        content = json.loads(best[1])
        self.current, self.parked = content.get("current"), content.get("parked")
        for identity in (self.current, self.parked):
            if identity:
                hide(identity["access_key"])
        good = record.pack(best[0], best[1])
        if copies[0] != good:
            self._mend("NVS", good)
        if copies[1] != good:
            self._mend("file", good)

    def _read_key(self):
        try:
            return self._keys.get(_KEY)
        except StoreError as e:
            log.error("identity", e)
            return None

    def _write(self, store, data):
        if store == "NVS":
            self._keys.set(_KEY, data)
        else:
            files.write(self._path, data)

    def _mend(self, name, data):
        try:
            self._write(name, data)
            log.warning("identity", "%s copy restored from the other" % name)
        except (OSError, StoreError) as e:
            log.error("identity", "%s copy cannot be restored: %r" % (name, e))

    def probe(self):
        """Prove that both stores can keep a record, before one is asked for that can be had only once.

        The file of the proof stays: the record's goes into it, so that it need not be made when every step counts.
        Raises StoreError. Costs flash writes: once in each run is enough.
        """
        sample = bytes(_PROBE_BYTES)  # not a record, so nobody takes it for one
        self._keys.set(_KEY + ".try", sample)
        kept = self._keys.get(_KEY + ".try")
        self._keys.erase(_KEY + ".try")
        if kept != sample:
            raise StoreError("NVS does not keep")
        try:
            files.begin(self._path, sample)
            kept = files.begun(self._path)
        except OSError as e:
            raise StoreError("file system: %r" % e)
        if kept != sample:
            raise StoreError("the file system does not keep")

    def keep(self, identity):
        """Use this identity; it takes the place of everything before. Raises StoreError if no copy could be kept."""
        hide(identity["access_key"])
        self._save(identity, None)

    def park(self):
        """Stop using the identity, without forgetting it."""
        self._save(None, self.current)

    def _save(self, current, parked):
        content = json.dumps({"current": current, "parked": parked}).encode()
        data = record.pack(self._sequence + 1, content)
        kept = 0
        # The file first: with its name there it takes 4 flash operations, the key 8, until a power cut loses nothing.
        for store in ("file", "NVS"):
            try:
                self._write(store, data)
                kept += 1
            except (OSError, StoreError) as e:
                log.error("identity", "a copy was not written: %r" % e)
        self._sequence += 1
        self.current, self.parked = current, parked
        if not kept:
            raise StoreError("the identity is kept nowhere: do not restart")


def ready(state):
    """Prove, once in a run, that flash keeps a record. Returns the identity that was given up, or None.

    Raises StoreError.
    """
    vault = loaded(state)
    if not state.probed:
        vault.probe()
        state.probed = True
    return vault.current or vault.parked  # the first one: flash did not take note that it was given up


def keep(state):
    """Keep state.identity, which is the only copy until then. Raises StoreError."""
    loaded(state).keep(state.identity)
    state.unsaved = False


def current(state):
    """The identity in use, or None."""
    return loaded(state).current


def loaded(state):
    """The vault as flash has it."""
    vault = Vault(state.chip.keys, state.chip.root)
    vault.load()
    return vault
