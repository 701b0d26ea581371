"""While on a network that is not the best, or weak: can a better one be heard? Else it would be left for nothing."""

from xyte import log
from xyte.core import wifi_rules


def goes_back(link):
    """Look around, for some two seconds. Returns True when link.now and link.bssid now say what is better. link: Wifi.
    """
    try:
        best = wifi_rules.better(link.networks, link.now, link.rssi() or 0, link.wlan.scan())
    except (MemoryError, OSError, RuntimeError) as e:  # a hundred networks may be too many
        log.warning("wifi", "%r" % e)
        return False
    if not best:
        return False
    link.now, link.bssid = best
    log.info("wifi", "to a better %s" % link.networks[link.now]["ssid"])
    return True
