"""Registers the device, once. The answer holds the only copy of its key, so flash is proven to work before we ask."""

from xyte import log, phase
from xyte.core import answers  # before the request: there must be room to read the only copy of a key
from xyte.errors import RefusedError
from xyte.services.calls import content, send
from xyte.services.vault import Vault

_TAKEN = 422
_NO_KEY = (
    "the cloud knows this device already, but its key is not on this board: "
    "ask an operator to delete or replace the device"
)


def register(state):
    """One attempt; on return state.identity is set.

    Raises LinkError, RefusedError (422: the cloud has this device already, and its key is not here), SettingsError,
    StoreError.
    """
    vault = _vault(state)
    if not state.probed:
        vault.probe()
        state.probed = True
    if vault.current:  # it was given up, but flash did not take note
        vault.current, vault.parked = None, vault.current
    try:
        identity = ask(state.cloud, _facts(state))
    except RefusedError as e:
        if e.status != _TAKEN:
            raise
        if not vault.parked:
            if "already" in e.text or not e.text:  # else the cloud's own words say what it does not like
                log.error("register", _NO_KEY)
            raise
        log.warning("register", "already registered: back to the parked identity")
        return _keep(state, vault, vault.parked)
    _keep(state, vault, identity)
    log.info("register", "registered as %s" % identity["id"])
    phase.call("xyte.phases.settlement", "note_versions", state)


def ask(cloud, facts):
    """Register Device. facts: dict of the request's fields. Returns the identity as a dict."""
    url, headers = phase.call("xyte.services.address", "entry", cloud.settings)
    response = send(cloud, "POST", url, facts, headers)
    return answers.registration(answers.parse(content(response)))


def _keep(state, vault, identity):
    """From here on it is in use, also when flash does not keep it: then this is the only copy."""
    state.identity, state.unsaved = identity, True
    vault.keep(identity)
    state.unsaved = False


def save_again(state):
    """After a failure to keep the identity anywhere. Raises StoreError."""
    _keep(state, _vault(state), state.identity)


def _vault(state):
    vault = Vault(state.chip.keys, state.chip.root)
    vault.load()
    return vault


def _facts(state):
    """What Register Device is told."""
    settings = state.settings
    mac = settings.mac or state.chip.mac()
    facts = {
        "hardware_key": settings.hardware_key,
        "sn": settings.sn or mac.replace(":", ""),
        "mac": mac,
        "firmware_version": state.version,
    }
    for key in ("cloud_id", "name", "sub_model"):
        if getattr(settings, key):
            facts[key] = getattr(settings, key)
    return facts
