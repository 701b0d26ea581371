"""While on a network that is not the best: can a better one be heard? Else it would be left for nothing."""

from xyte import log
from xyte.core import wifi_rules


def goes_back(link):
    """Look around, for some two seconds. Returns True when link.now is now a better network. link: Wifi."""
    try:
        best = wifi_rules.better(link.networks, link.now, link.wlan.scan())
    except (OSError, RuntimeError) as e:
        log.warning("wifi", "%r" % e)
        return False
    if best < 0:
        return False
    log.info("wifi", "back to %s" % link.networks[best]["ssid"])
    link.now = best
    return True
