# What a board reaches, question by question, for `doctor`. Runs on the board. No secret leaves it.
import json
import re
import socket
import time

import network


def read_settings():
    with open("/settings.json") as f:
        return json.load(f)


def certificates(paths):
    """The CA files themselves: they are public."""
    found = {}
    for path in paths:
        try:
            with open(path, "rb") as f:
                found[path] = f.read()
        except OSError:
            found[path] = None
    return found


def own_link():
    """The link that the application brings in place of the agent's Wi-Fi, None if it brings none.

    Ethernet that it has set up stays through a soft reset; any other is gone, and only `Agent(link=...)` tells of it.
    """
    try:
        lan = network.LAN()  # without arguments: the one that is there
        return {"lan": True, "address": lan.ifconfig()[0] if lan.isconnected() else ""}
    except (AttributeError, TypeError, ValueError, OSError):
        pass
    try:
        with open("main.py") as f:  # of the slot that runs
            brought = any(re.search(r"(^|[(, \t])link=", line.split("#")[0]) for line in f)
    except OSError:
        return None
    up = network.WLAN(network.WLAN.IF_STA).isconnected()
    return {"lan": False, "address": ""} if brought and not up else None


def wifi(wait_ms):
    """Connect, as the settings say. Tells of every network tried how it ended, never its key."""
    station = network.WLAN(network.WLAN.IF_STA)
    station.active(True)
    tried = []
    if not station.isconnected():
        try:
            heard = [found[0] for found in station.scan()]
        except (OSError, RuntimeError, ValueError):
            heard = []
        settings = read_settings()
        for known in settings.get("wifi", []):
            on_air = known["ssid"].encode() in heard or known.get("hidden", False)
            tried.append((known["ssid"], on_air, attempt(station, known, settings.get("tx_power_dbm"), wait_ms)))
            if station.isconnected():
                break
    up = station.isconnected()
    return {"up": up, "tried": tried, "address": station.ifconfig()[0] if up else None,
            "rssi": station.status("rssi") if up else None}


def attempt(station, known, power, wait_ms):
    try:
        station.disconnect()
    except OSError:
        pass
    try:
        if known.get("ip"):
            gateway = known["gateway"]
            station.ifconfig((known["ip"], known["mask"], gateway, known.get("dns") or gateway))
        else:
            station.ipconfig(dhcp4=True)
        station.config(reconnects=2)  # while the driver goes on trying, it does not tell why it has to
        if power:
            station.config(txpower=power)
        station.connect(known["ssid"], known.get("key") or None)
    except (OSError, RuntimeError) as e:
        return str(e)
    end = time.ticks_add(time.ticks_ms(), wait_ms)
    told = station.status()
    while not station.isconnected() and time.ticks_diff(end, time.ticks_ms()) > 0:
        time.sleep_ms(100)
        status = station.status()
        if status not in (1000, 1001):
            told = status
    return told


def clock():
    """The time before and after asking the network, seconds since 1970."""
    offset = 946684800 if time.gmtime(0)[0] == 2000 else 0
    before = int(time.time()) + offset
    try:
        import ntptime

        ntptime.settime()
        fault = None
    except OSError as e:
        fault = repr(e)
    return {"before": before, "after": int(time.time()) + offset, "fault": fault}


def resolve(host):
    """Its address in the port's form, as a tuple, or what was wrong."""
    try:
        return tuple(socket.getaddrinfo(host, 443)[0][-1])
    except OSError as e:
        return repr(e)


def handshake(host, port, paths):
    """A verified TLS connection, as the agent makes it. Returns milliseconds, or what was wrong."""
    import tls

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    began = time.ticks_ms()
    plain = socket.socket()
    try:
        for path in paths:
            with open(path, "rb") as f:
                context.load_verify_locations(f.read())
        plain.settimeout(15)
        plain.connect(socket.getaddrinfo(host, port)[0][-1])
        context.wrap_socket(plain, server_hostname=host).close()
    except (OSError, ValueError) as e:
        return str(e) if isinstance(e, ValueError) else repr(e)
    finally:
        plain.close()
    return time.ticks_diff(time.ticks_ms(), began)


def connection(host, port):
    """A plain one. Returns None, or what was wrong."""
    plain = socket.socket()
    try:
        plain.settimeout(15)
        plain.connect(socket.getaddrinfo(host, port)[0][-1])
    except OSError as e:
        return repr(e)
    finally:
        plain.close()
