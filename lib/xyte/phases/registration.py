"""Registers the device, once. The answer holds the only copy of its key, so flash is proven to work before we ask."""

from xyte import log, phase
from xyte.core import answers  # before the request: there must be room to read the only copy of a key
from xyte.errors import RefusedError, StoreError
from xyte.services.calls import content, send

_TAKEN = 422
_PASSING = (408, 429)  # nothing that will not be otherwise in a while
_NO_KEY = (
    "the cloud knows this device already, but its key is not on this board: "
    "ask an operator to delete or replace the device"
)


def register(state):
    """One attempt; on return state.identity is set.

    An identity that was given up is used again when the cloud takes no other: it may have been wrong to refuse it, and
    an access key can outlive the hardware key that it was made with.

    Raises LinkError, RefusedError (422: the cloud has this device already, and its key is not here), SettingsError,
    StoreError.
    """
    parked = phase.call("xyte.services.vault", "ready", state)
    try:
        state.identity = ask(state.cloud, _facts(state))
    except RefusedError as e:
        if not parked or e.status in _PASSING or e.status >= 500:
            # In other cases than "already" the cloud's own words say what it does not like.
            if e.status == _TAKEN and ("already" in e.text or not e.text):
                log.error("register", _NO_KEY)
            raise
        log.warning("register", "refused (%d): back to the parked identity" % e.status)
        state.identity, state.unsaved = parked, True  # to be kept once the cloud has taken it: flash wears
        return
    state.unsaved = True
    save(state)
    log.info("register", "registered as %s" % state.identity["id"])
    phase.call("xyte.phases.settlement", "note_versions", state)


def ask(cloud, facts):
    """Register Device. facts: dict of the request's fields. Returns the identity as a dict."""
    url, headers = phase.call("xyte.services.address", "entry", cloud.settings)
    response = send(cloud, "POST", url, facts, headers)
    return answers.registration(answers.parse(content(response)))


def save(state):
    """Keep the identity in use, which may be the only copy; tried again after each telemetry. Raises StoreError."""
    try:
        phase.call("xyte.services.vault", "keep", state)
    except MemoryError:  # no crash, which would lose it
        raise StoreError("no room to keep the identity: do not restart")


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
