"""`network.WLAN`: states, codes, and the shapes of its errors. Ends with the station disconnected.

Source: MicroPython ports/esp32/network_wlan.c and network_common.c. Without an antenna the scan is empty, no more.
"""

import time

import network

ABSENT = "xyte no such network"


def arguments(station, ap):
    check("one station", network.WLAN() is station, True)
    check("unknown interface", raised(network.WLAN, 2), ("ValueError", "invalid WLAN interface identifier"))
    check("unknown status", raised(station.status, "noise"), ("ValueError", "unknown status param"))
    check("unknown setting", raised(station.config, "noise"), ("ValueError", "unknown config param"))
    check("unknown setting to set", raised(station.config, noise=1), ("ValueError", "unknown config param"))
    check("one setting at a time", raised(station.config), ("TypeError", "can query only one param"))
    check("ask or set", raised(station.config, "mac", reconnects=1),
          ("TypeError", "either pos or kw args are allowed"))
    check("a hot spot has no status", ap.status(), None)
    check("nor a signal", raised(ap.status, "rssi"), ("OSError", "STA required"))
    check("a station has no stations", raised(station.status, "stations"), ("OSError", "AP required"))
    check("nor a name of its own", raised(station.config, ssid="x"), ("OSError", "AP required"))
    check("its address", len(station.config("mac")), 6)
    check("a name of 33", kind(network.hostname, "x" * 33), "ValueError")
    check("four addresses", [type(part) for part in station.ifconfig()], [str] * 4)


def unconnected(station):
    check("active", (station.active(True), station.active()), (True, True))
    check("idle", station.status(), network.STAT_IDLE)
    check("not connected", station.isconnected(), False)
    check("no signal without a link", raised(station.status, "rssi"), ("OSError", "Wifi Not Connected"))
    check("no address", station.ifconfig()[0], "0.0.0.0")
    check("reconnects for ever", station.config("reconnects"), -1)
    station.config(reconnects=2)
    check("reconnects so often", station.config("reconnects"), 2)
    station.config(reconnects=-1)
    check("a transmit power that is too low", raised(station.config, txpower=1),
          ("RuntimeError", "Wifi Unknown Error 0x0102"))
    station.config(txpower=8.5)
    check("a transmit power", station.config("txpower"), 8.5)
    found = station.scan()
    check("a scan is a list", type(found), list)
    for one in found[:1]:
        check("of six things", [type(part) for part in one], [bytes, bytes, int, int, int, bool])
    if not found:
        skip("of six things", "no network is on the air")


def connecting(station):
    check("an address of an access point has 6 bytes", raised(station.connect, ABSENT, "12345678", bssid=b"1"),
          ("ValueError",))
    check("connect comes back at once", station.connect(ABSENT, "12345678"), None)
    check("connecting", station.status(), network.STAT_CONNECTING)
    again = raised(station.connect, ABSENT, "12345678")
    holds("no second attempt beside it", again[0] == "OSError" and again[1][:13] == "Wifi Internal", again)
    info("a second attempt", again)
    seen = set()
    end = time.ticks_add(time.ticks_ms(), 15000)
    while time.ticks_diff(end, time.ticks_ms()) > 0 and network.STAT_NO_AP_FOUND not in seen:
        seen.add(station.status())
        time.sleep_ms(50)
    holds("the reason is told", network.STAT_NO_AP_FOUND in seen, seen)
    holds("and not much else", seen <= {network.STAT_CONNECTING, network.STAT_NO_AP_FOUND}, seen)
    check("nothing is connected", station.isconnected(), False)
    station.disconnect()
    time.sleep_ms(200)
    holds("after disconnect", station.status() in (network.STAT_IDLE, network.STAT_NO_AP_FOUND), station.status())
    info("after disconnect", station.status())


def main():
    check("codes", (network.STAT_IDLE, network.STAT_CONNECTING, network.STAT_GOT_IP, network.STAT_NO_AP_FOUND,
                    network.STAT_WRONG_PASSWORD), (1000, 1001, 1010, 201, 202))
    station, ap = network.WLAN(network.WLAN.IF_STA), network.WLAN(network.WLAN.IF_AP)
    if station.active():
        station.disconnect()
        station.active(False)
        time.sleep_ms(200)
    unconnected(station)
    arguments(station, ap)
    connecting(station)


main()
