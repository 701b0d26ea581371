"""Registers the device, once. The answer holds the only copy of its key, so flash is proven to work before we ask."""

from xyte import log
from xyte.errors import RefusedError

_TAKEN = 422
_NO_KEY = (
    "the cloud knows this device already, but its key is not on this board: "
    "ask an operator to delete or replace the device"
)


class Registrar:
    """facts: dict of the fields of Register Device. vault: where the identity is kept."""

    def __init__(self, cloud, vault, facts):
        self._cloud, self._vault, self._facts = cloud, vault, facts

    def register(self):
        """One attempt. On return the vault has an identity in use. True when it is a new one.

        Raises LinkError, RefusedError (422: the cloud has this device already, and its key is not here), StoreError.
        """
        self._vault.probe()
        try:
            identity = self._cloud.register(self._facts)
        except RefusedError as e:
            if e.status != _TAKEN:
                raise
            if not self._vault.parked:
                if "already" in e.text or not e.text:  # else the cloud's own words say what it does not like
                    log.error("register", _NO_KEY)
                raise
            log.warning("register", "already registered: back to the parked identity")
            self._vault.restore()
            return False
        self._vault.keep(identity)
        log.info("register", "registered as %s" % identity["id"])
        return True
