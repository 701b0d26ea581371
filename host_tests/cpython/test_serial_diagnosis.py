"""Verdicts of `doctor` on facts that a virtual board does not show, and the colours of a log."""

import datetime
import runpy
import sys
import time
import types

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tools import ROOT
from tools.serial import diagnosis, paint
from tools.serial.diagnosis import FAIL, OK, WARN

NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
TWO = [(1, 2, 0x9000, 0x4000, "nvs"), (0, 16, 0x10000, 0x180000, "ota_0"), (0, 17, 0x190000, 0x180000, "ota_1")]
BOOT = {"rows": TWO, "running": "ota_0", "boot": "ota_0", "spare": "ota_1", "version": "1", "project": "p",
        "records": [(1, 2), (0xFFFFFFFF, 0xFFFFFFFF)]}
HEAPS = {"program": 20000, "free": 90000, "idf_free": 100000, "idf_largest": 60000}


@pytest.mark.parametrize(("version", "tls", "verdict"), [
    ((1, 22, 0), False, FAIL), ((1, 23, 0), True, WARN), ((1, 25, 0), True, OK), ((1, 29, 1), True, OK)])
def test_firmware(version, tls, verdict):
    assert diagnosis.firmware({"version": version, "machine": "x", "tls": tls}).verdict == verdict


@pytest.mark.parametrize(("change", "verdict", "words"), [
    ({}, OK, ""), ({"spare": None}, WARN, "nothing to roll back to"), ({"boot": "ota_1"}, WARN, "waits for a restart"),
    ({"records": [(1, 2), (2, 1)]}, WARN, "on trial"), ({"records": [(1, 0xFFFFFFFF)]}, WARN, "no rollback")])
def test_rollback(change, verdict, words):
    found = diagnosis.rollback({**BOOT, **change})
    assert found.verdict == verdict and words in found.advice


def test_one_app_partition():
    assert diagnosis.partitions({**BOOT, "spare": None}).verdict == WARN


@pytest.mark.parametrize(("change", "verdict"), [({}, OK), ({"idf_free": 30000}, WARN), ({"idf_largest": 9000}, WARN)])
def test_memory(change, verdict):
    assert diagnosis.heaps({**HEAPS, **change}).verdict == verdict


@pytest.mark.parametrize(("change", "verdict"), [
    ({}, OK), ({"boots": 6}, FAIL), ({"trial": 17}, WARN), ({"files": ["/boot.py"]}, FAIL)])
def test_application(change, verdict):
    facts = {"slot": 0, "trial": 0, "boots": 1, "/slot_a": None, "/slot_b": "1.0.0", "files": ["/boot.py", "/main.py"]}
    assert diagnosis.slots({**facts, **change}).verdict == verdict


@pytest.mark.parametrize(("copies", "device", "verdict"), [
    ({"NVS": True, "file": True}, "12345678-abcd", OK), ({"NVS": True, "file": False}, "12345678-abcd", WARN),
    ({"NVS": True, "file": True}, None, WARN), ({"NVS": False, "file": False}, None, WARN)])
def test_identity(copies, device, verdict):
    found = diagnosis.identity({"copies": copies, "id": device, "parked": False, "hubs": None})
    assert found.verdict == verdict and "12345678-abcd" not in found.text


@pytest.mark.parametrize(("file", "where"), [
    ("/lib/xyte/__init__.mpy", "files in /lib"), ("/slot_a/lib/xyte/__init__.mpy", "files in /slot_a/lib"),
    ("/rom/xyte/__init__.mpy", "in the firmware"), ("xyte/__init__.py", "in the firmware"), ("?", "in the firmware")])
def test_where_the_agent_is(file, where):
    assert diagnosis.agent(("1.0.0", file)).text == f"1.0.0, {where}"


def test_stores_that_do_not_keep():
    assert diagnosis.stores({"nvs": False, "files": True, "size": 983040, "free": 900000}).verdict == FAIL
    assert diagnosis.stores({"nvs": True, "files": True, "size": 983040, "free": 900}).verdict == WARN


@pytest.mark.parametrize(("days", "verdict"), [(1000, OK), (90, WARN), (-1, FAIL)])
def test_certificates(days, verdict):
    pem, der = certificate(NOW + datetime.timedelta(days=days))
    assert [f.verdict for f in diagnosis.certificates({"/a": pem, "/b": der}, NOW)] == [verdict] * 2


def test_what_is_no_certificate():
    found = diagnosis.certificates({"/a": b"text", "/b": None, "/c": b"-----BEGIN CERTIFICATE-----\nx"}, NOW)
    assert [f.verdict for f in found] == [FAIL] * 3


def certificate(until):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA")])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(NOW - datetime.timedelta(days=900)).not_valid_after(until).sign(key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM), made.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(("heard", "status", "words"), [
    (False, 1001, "not on the air"), (True, 201, "not on the air"), (True, 202, "wrong password"),
    (True, 1001, "no address in time"), (True, "Wifi Internal Error", "Wifi Internal Error")])
def test_wifi_that_fails(heard, status, words):
    found = diagnosis.wifi({"up": False, "tried": [("net", heard, status)], "address": None, "rssi": None})
    assert found.verdict == FAIL and found.text == f"net: {words}"


@pytest.mark.parametrize(("lan", "station_up", "main", "link"), [
    (True, False, "", {"lan": True, "address": "10.0.0.2"}), (False, False, "", {"lan": True, "address": ""}),
    (None, False, "agent = Agent(link=Mine())", {"lan": False, "address": ""}),
    (None, False, "Agent(\n    link=Mine(),\n)", {"lan": False, "address": ""}),
    (None, True, "Agent(link=Mine())", None), (None, False, "led(blink=1)\nrun()  # or link=x", None),
    (None, False, None, None)])
def test_what_tells_of_a_link_of_its_own(tmp_path, monkeypatch, lan, station_up, main, link):
    network, wlan = types.ModuleType("network"), types.SimpleNamespace(isconnected=lambda: station_up)
    network.WLAN = type("WLAN", (), {"IF_STA": 0, "__new__": lambda *_: wlan})
    if lan is not None:
        network.LAN = lambda: types.SimpleNamespace(isconnected=lambda: lan, ifconfig=lambda: ("10.0.0.2",))
    if main is not None:
        (tmp_path / "main.py").write_text(main)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "network", network)
    asked = runpy.run_path(ROOT / "tools" / "serial" / "device" / "reach.py")
    assert asked["own_link"]() == link


def test_wifi_is_tried_as_the_settings_say(monkeypatch):
    """Also beside a network whose name is no text."""
    known = [{"ssid": "home", "ip": "10.0.0.2", "mask": "255.0.0.0", "gateway": "10.0.0.1"},
             {"ssid": "c", "hidden": True}]
    calls, network = [], types.ModuleType("network")

    class Station:
        IF_STA = 0
        active = disconnect = connect = config = lambda *_, **__: None
        isconnected = lambda _: False
        status = lambda _: 15
        scan = lambda _: [(b"\xff", 6), (b"home", 6)]
        ifconfig = lambda _, four: calls.append(four)
        ipconfig = lambda _, dhcp4: calls.append(dhcp4)

        def __new__(cls, *_):
            return object.__new__(cls)

    network.WLAN = Station
    monkeypatch.setitem(sys.modules, "network", network)
    for name, value in (("ticks_ms", lambda: 0), ("ticks_add", max), ("ticks_diff", lambda *_: 0)):
        monkeypatch.setattr(time, name, value, raising=False)
    asked = runpy.run_path(ROOT / "tools" / "serial" / "device" / "reach.py")
    asked["wifi"].__globals__["read_settings"] = lambda: {"wifi": known}
    assert asked["wifi"](0)["tried"] == [("home", True, 15), ("c", True, 15)]
    assert calls == [("10.0.0.2", "255.0.0.0", "10.0.0.1", "10.0.0.1"), True]


@pytest.mark.parametrize(("lan", "address", "verdict"), [
    (True, "10.0.0.2", OK), (True, "", FAIL), (False, "", WARN)])
def test_a_link_of_its_own(lan, address, verdict):
    found = diagnosis.own_link({"lan": lan, "address": address})
    assert found.verdict == verdict and "wi-fi" not in (found.text + found.advice).lower()


def test_a_weak_signal_and_a_wrong_clock():
    assert diagnosis.wifi({"up": True, "tried": [], "address": "1.2.3.4", "rssi": -85}).verdict == WARN
    assert diagnosis.clock({"before": 0, "after": 10**9, "fault": None}, 10**9 + 7200).verdict == WARN
    assert diagnosis.clock({"before": 5, "after": 5, "fault": "OSError(116,)"}, 10**9).verdict == FAIL
    assert diagnosis.clock({"before": 10**9, "after": 10**9, "fault": "OSError(116,)"}, 10**9 + 5).verdict == WARN


@pytest.mark.parametrize(("url", "expected"), [
    ("https://hub.xyte.io", ("hub.xyte.io", 443, True)), ("http://127.0.0.1:8080/x", ("127.0.0.1", 8080, False)),
    ("hub.xyte.io", ("hub.xyte.io", 443, True))])
def test_hosts(url, expected):
    assert diagnosis.host_of(url) == expected


@pytest.mark.parametrize(("answer", "text", "advice"), [
    ("\nThe name is another\n\nThe CA, too\n", "The name is another The CA, too", "is the CA the one"),
    ("OSError(111,)", "OSError(111,)", "does something listen there")])
def test_a_host_that_is_not_reached(answer, text, advice):
    found = diagnosis.reached("entry", "https://h", answer)
    assert (found.verdict, found.text) == (FAIL, f"https://h: {text}") and found.advice.startswith(advice)


@pytest.mark.parametrize(("line", "colour"), [
    ("     12.345 W wifi: link lost", "\x1b[33m"), ("      0.001 E agent: x", "\x1b[31m"),
    ("      0.001 D agent: x", "\x1b[2m"), ("ValueError: no", "\x1b[31m"), ("rst:0x1 (POWERON_RESET)", "\x1b[36m")])
def test_lines_are_painted_by_their_level(line, colour):
    assert paint.painted(line, True) == f"{colour}{line}\x1b[0m" and paint.painted(line, False) == line


def test_plain_lines_stay_plain():
    assert paint.painted("     12.345 I cloud: accepted", True) == "     12.345 I cloud: accepted"
    assert paint.painted("hello", True) == "hello"


@pytest.mark.parametrize(("environment", "wanted"), [
    ({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)])
def test_a_terminal_without_colours(monkeypatch, environment, wanted):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(paint.sys, "stdout", types.SimpleNamespace(isatty=lambda: True))
    assert paint.wants_colour(no_color=False) == wanted and not paint.wants_colour(no_color=True)
