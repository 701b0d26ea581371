"""The set-up portal's rules, and when the search for a network opens and closes it."""

import json
import sys

from fakes.chip import FakeChip, Restarted
from fakes.radio import Radio
from places import empty_folder
from xyte import log
from xyte.core.settings_rules import read
from xyte.device.wifi import Wifi
from xyte.errors import SettingsError
from xyte.portal import names, page, portal
from xyte.portal.known import remember
from xyte.portal.portal import access_point_name, listed
from xyte.services import files

QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07connect\x04test\x00"
A, AAAA, IN = b"\0\1", b"\0\x1c", b"\0\1"
HOME = {"ssid": "home", "key": "home-key-1"}
HOME_AIR = ("home-key-1", 0, -60)


class FakePortal:
    """A portal that nobody uses, until a test says so."""

    def __init__(self):
        self.trial = self.networks = None
        self.over = self.written = self.closed = self.looked_at = False

    def step(self, up):
        pass

    def visited(self):
        return self.looked_at

    def close(self):
        self.closed = True


class FakeHotspot:
    address = "4.3.2.1"

    def __init__(self, on_air):
        self._on_air = on_air
        on_air.append(self)

    def close(self):
        self._on_air.remove(self)


class Site:
    def __init__(self, wifi, air, held=(), **more):
        self.chip = FakeChip("", None)
        self.chip.held_pins = held
        self.clock, self.radio = self.chip.clock, Radio(self.chip.clock, air)
        values = {"hardware_key": "h", "ca_files": ["/ca"], "wifi": wifi, "setup_password": "label-1234"}
        values.update(more)
        self.portals, self.trouble = [], None
        self.link = Wifi(read(values), self.chip, self.radio, "1.0.0")

    def pass_s(self, seconds):
        end, up = self.clock.ms + seconds * 1000, False
        real, portal.opened = portal.opened, self.open_portal
        try:
            while self.clock.ms < end:
                up = self.link.step()
                self.clock.sleep_ms(250)
        finally:
            portal.opened = real
        return up

    def open_portal(self, link):
        if self.trouble:
            raise self.trouble
        self.portals.append(FakePortal())
        return self.portals[-1]


def test_opens_when_no_network_is_known():
    site = Site([], {})
    site.pass_s(3600)
    assert len(site.portals) == 1 and not site.portals[0].closed and site.radio.joins == []


def test_without_memory_it_tries_again_later():
    site = Site([HOME], {}, setup_after_s=60, link_reset_s=0)
    site.trouble = MemoryError()
    site.pass_s(200)
    site.trouble = None
    site.pass_s(400)
    assert len(site.portals) == 1


def test_what_cannot_be_loaded_is_no_crash():
    site = Site([HOME], {}, setup_after_s=60, link_reset_s=0)
    site.trouble = ImportError("no module named 'microdot'")
    site.pass_s(200)
    assert site.radio.joins and site.portals == []


def test_an_opening_that_fails_leaves_nothing_loaded():
    sys.modules["microdot"] = json  # without what the page's module looks for in it
    sys.modules.pop("xyte.portal.site", None)
    on_air = []
    real, portal.Hotspot = portal.Hotspot, lambda *how: FakeHotspot(on_air)
    try:
        portal.opened(Site([HOME], {}).link)
        raise AssertionError("opened without microdot")
    except ImportError:
        assert "microdot" not in sys.modules and on_air == []
    finally:
        portal.Hotspot = real
        sys.modules.pop("microdot", None)


class Form(portal.Portal):
    """A portal of which only the form is used."""

    def __init__(self, link):
        self._link, self.trial, self.news, self.written = link, None, None, False


def test_a_password_that_cannot_be_one_is_not_blotted_out_of_the_log():
    form = Form(Site([], {}).link)
    form.join("home", "e")
    assert form.news[0] is False and log.masked("here") == "here"
    form.join("home", "typed-key-1")
    assert form.news[0] and log.masked("a typed-key-1") == "a ***"


def test_a_network_that_works_is_used_though_there_is_no_memory_to_write_it_down():
    site = Site([], {"home": HOME_AIR})
    form = Form(site.link)
    form._chip, form._clock = site.chip, site.clock
    form.join("home", HOME["key"])
    right, portal.remember = portal.remember, full
    try:
        while form.waiting:
            site.clock.sleep_ms(250)
            if form.trial.step(site.link.wlan.isconnected()) is not None:
                form._judge()
    finally:
        portal.remember = right
    assert form.networks == [HOME] and not form.written and "could not be written down" in form.news[1]


def full(chip, ssid, key):
    raise MemoryError


def test_stays_shut_without_a_password():
    site = Site([HOME], {}, setup_password="", link_reset_s=0)
    site.pass_s(7200)
    assert site.portals == []


def test_opens_after_the_declared_time_and_known_networks_are_tried_now_and_then():
    site = Site([HOME], {}, setup_after_s=900, link_reset_s=0)
    site.pass_s(890)
    assert site.portals == []
    site.pass_s(30)
    assert len(site.portals) == 1
    tries = len(site.radio.joins)
    site.pass_s(3600)
    assert 8 <= len(site.radio.joins) - tries <= 13
    site.radio.air["home"] = HOME_AIR
    assert site.pass_s(320) and site.portals[0].closed


def test_somebody_on_the_page_is_not_disturbed():
    site = Site([HOME], {}, setup_after_s=60, link_reset_s=0)
    site.pass_s(120)
    site.portals[0].looked_at = True
    tries = len(site.radio.joins)
    site.pass_s(3600)
    assert len(site.radio.joins) <= tries + 1  # one may have been running


def test_button_opens_it_though_the_network_is_there():
    site = Site([HOME], {"home": HOME_AIR}, setup_pin=0)
    assert site.pass_s(60)
    site.chip.held_pins = (0,)
    site.pass_s(2)
    site.chip.held_pins = ()
    assert site.pass_s(60) and site.portals == []  # not for long enough
    site.chip.held_pins = (0,)
    assert not site.pass_s(60) and len(site.portals) == 1
    site.chip.held_pins = ()
    assert site.pass_s(300) and site.portals[0].closed  # nobody came: the known network goes on


def test_button_that_is_stuck_counts_once():
    site = Site([HOME], {"home": HOME_AIR}, held=(9,), setup_pin=9)
    assert not site.pass_s(60) and len(site.portals) == 1
    assert site.pass_s(1000) and len(site.portals) == 1


def test_button_while_it_is_open_changes_nothing():
    site = Site([], {}, setup_pin=9)
    site.pass_s(10)
    site.chip.held_pins = (9,)
    site.pass_s(10)
    assert len(site.portals) == 1 and not site.portals[0].closed


def test_after_a_success_the_new_network_is_the_one():
    site = Site([], {"home": HOME_AIR})
    site.pass_s(1)
    portal = site.portals[0]
    portal.trial, portal.networks = object(), [HOME]
    site.pass_s(10)
    assert not portal.closed
    portal.over = True  # but it could not be written down: no restart, which would forget it
    assert site.pass_s(10) and portal.closed and site.radio.joins == ["home"]


def test_set_up_ends_in_a_restart():
    site = Site([], {"home": HOME_AIR})
    site.pass_s(1)
    portal = site.portals[0]
    portal.trial, portal.networks, portal.over, portal.written = object(), [HOME], True, True
    try:
        site.pass_s(1)
        raise AssertionError("no restart")
    except Restarted:
        assert portal.closed and site.chip.boots.count == 0


def test_every_name_is_this_board():
    answer = names.answer(QUERY + A + IN, "192.168.4.1")
    assert answer[:8] == b"\x12\x34\x85\x00\x00\x01\x00\x01" and answer.endswith(b"\x00\x04\xc0\xa8\x04\x01")
    nothing = names.answer(QUERY + AAAA + IN, "192.168.4.1")
    assert nothing[6:8] == b"\0\0" and nothing.endswith(AAAA + IN)


def test_what_is_no_query_gets_no_answer():
    whole = QUERY + A + IN
    for n in range(len(whole)):
        assert names.answer(whole[:n], "192.168.4.1") is None, n
    assert names.answer(b"\x12\x34\x81" + whole[3:], "192.168.4.1") is None  # an answer
    assert names.answer(whole[:12] + b"\xc0\x0c" + A + IN, "192.168.4.1") is None  # a compressed name


def test_names_of_networks_cannot_break_the_page():
    assert page.escaped("<b a='\"&") == "&lt;b a=&#39;&quot;&amp;"


def test_hot_spot_has_a_name_that_fits():
    assert access_point_name("Pump 7", "24:a1:60:26:50:5f") == "Pump 7-505f"
    assert access_point_name("", "24:a1:60:26:50:5f") == "xyte-505f"
    assert len(access_point_name("\u00e4" * 40, "24:a1:60:26:50:5f").encode()) <= 32


def test_list_of_networks():
    rows = [(b"a", b"", 1, -70, 3, False), (b"b", b"", 1, -50, 0, False), (b"a", b"", 6, -40, 3, False),
            (b"", b"", 1, -30, 3, False), (b"\xff\xfe", b"", 1, -30, 3, False)]
    assert listed(rows) == [("a", -40, True), ("b", -50, False)]
    assert listed([(b"a company's", b"", 1, -40, 5, False), (b"owe", b"", 1, -40, 9, False)]) == []


def chip_with(wifi):
    chip = FakeChip(empty_folder("portal"), None)
    settings = {"hardware_key": "h", "entry_url": "http://localhost:1", "development_hosts": ["localhost"],
                "wifi": wifi, "sn": "S1"}
    files.write(chip.root + "/settings.json", json.dumps(settings).encode())
    return chip


def written(chip):
    return json.loads(files.read(chip.root + "/settings.json"))


def test_new_network_comes_first_and_the_others_stay():
    shed = {"ssid": "shed", "key": "shed-key-1"}
    chip = chip_with([HOME, shed])
    assert remember(chip, "new", "new-key-11") == [{"ssid": "new", "key": "new-key-11"}, HOME, shed]
    assert written(chip)["wifi"][0]["ssid"] == "new" and written(chip)["sn"] == "S1"
    assert b"new-key-11" in chip.keys.get("settings")  # the spare copy follows


def test_what_is_written_is_what_was_tried():
    fixed = dict(HOME, ip="10.0.0.5", mask="255.0.0.0", gateway="10.0.0.1")
    chip = chip_with([{"ssid": "shed", "key": "shed-key-1"}, fixed])
    assert remember(chip, "home", "other-key-1")[0] == dict(HOME, key="other-key-1")
    assert len(written(chip)["wifi"]) == 2


def test_ninth_network_drops_the_last_one():
    chip = chip_with([{"ssid": "n%d" % i} for i in range(8)])
    ssids = [network["ssid"] for network in remember(chip, "new", "")]
    assert ssids == ["new"] + ["n%d" % i for i in range(7)]


def test_what_the_rules_refuse_is_not_written():
    chip = chip_with([HOME])
    try:
        remember(chip, "bad", "short")
        raise AssertionError("taken")
    except SettingsError:
        assert written(chip)["wifi"] == [HOME]
