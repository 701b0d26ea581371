"""Carries out the link ladder, one rung at a time: see core/ladder.py. Needed when requests fail, and rarely then.

The resets that did not help are counted on flash: each of them doubles the wait for the next.
"""

from xyte import log, phase
from xyte.core import ladder
from xyte.errors import NoAddressError, StoreError

_RESETS_KEY = "link_resets"


def step(link, error):
    """One more request has failed. link: Wifi. error: the LinkError."""
    clock, settings = link.chip.clock, link.settings
    silent_s = clock.ticks_diff(clock.ticks_ms(), link.silent_ms) // 1000
    reset_s = ladder.reset_after_s(settings.link_reset_s, link.resets)
    rung = ladder.rung(link.done, link.silent, silent_s, reset_s)
    if rung < 0:
        return
    if rung == len(ladder.RUNGS):
        link.silent = 0  # all was tried: begin again
        return
    link.done = rung + 1
    name = ladder.RUNGS[rung]
    if name == "dns" and not isinstance(error, NoAddressError):
        return  # names are found: it is something else
    log.warning("wifi", "%d requests without an answer in %d s: %s" % (link.silent, silent_s, name))
    count(link, name)
    try:
        globals()[name](link)
    except (OSError, RuntimeError) as e:  # the port's WLAN raises both
        log.warning("wifi", "%r" % e)


def count(link, name, times=1):
    """Something was repaired."""
    link.history = ladder.count(link.counts, name, times)


def recall(link):
    """At start: how many resets in a row did not help?"""
    resets = (link.chip.keys.get(_RESETS_KEY) or b"\0")[0]
    if resets:
        count(link, "reset", resets)
    return resets


def forget(link):
    """The last reset has helped, or somebody."""
    try:
        link.chip.keys.erase(_RESETS_KEY)
    except StoreError as e:  # the answer counts; the next start waits longer than it need
        log.warning("wifi", e)


def dns(link):
    """Ask the gateway for names, which nearly always can answer, in place of the server that does not."""
    link.network.ipconfig(dns=link.wlan.ifconfig()[2])


def dhcp(link):
    """A new address, and with it the name server that the network means. A static one is set again by joining."""
    if link.networks and link.networks[link.now].get("ip"):
        join(link)
    else:
        link.wlan.ipconfig(dhcp4=False)
        link.wlan.ipconfig(dhcp4=True)


def join(link):
    """Leave the network and join it again, by an access point that is stronger if there is one."""
    phase.call("xyte.device.wifi_scan", "goes_back", link)
    link.search(True)


def radio(link):
    """Switch the radio off; joining switches it on. This network may lead nowhere: the next one has its turn."""
    link.wlan.active(False)
    if link.networks:
        link.now = (link.now + 1) % len(link.networks)
    link.search(True)


def reset(link):
    """The last resort."""
    log.error("wifi", "nothing helped: restarting")
    try:
        link.chip.keys.set(_RESETS_KEY, bytes((min(link.resets + 1, 255),)))
    except StoreError as e:
        log.error("wifi", e)
    link.chip.clear_boots()  # a restart that is wanted is no sign of trouble
    link.chip.reset()
