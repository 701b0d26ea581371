"""The Wi-Fi link over a radio that behaves as the ESP32 port's does."""

import sys

import micropython
from fakes.chip import FakeChip, Restarted
from fakes.radio import Radio
from xyte.core import ladder, wifi_rules
from xyte.core.settings_rules import read
from xyte.device.wifi import Wifi
from xyte.device.wired import Wired
from xyte.errors import LinkError, NoAddressError, StoreError

HOME, SHED = {"ssid": "home", "key": "home-key-1"}, {"ssid": "shed", "key": "shed-key-1"}
HOME_AIR, SHED_AIR = ("home-key-1", 0, -60), ("shed-key-1", 0, -50)


class Site:
    """A board somewhere. air: as fakes.radio. more: settings."""

    def __init__(self, wifi, air, **more):
        self.chip = FakeChip("", None)
        self.clock, self.radio = self.chip.clock, Radio(self.chip.clock, air)
        values = {"hardware_key": "h", "ca_files": ["/ca"], "wifi": wifi}
        values.update(more)
        self.settings = read(values)
        self.boot()

    def boot(self):
        self.link = Wifi(self.settings, self.chip, self.radio, "1.0.0")

    def pass_s(self, seconds, failing=None, every_s=10):
        """Let time pass; failing: the error that every request ends in meanwhile. Returns whether the link is up."""
        end, asked = self.clock.ms + seconds * 1000, self.clock.ms
        up = False
        while self.clock.ms < end:
            up = self.link.step()
            if failing and up and self.clock.ms >= asked:
                asked = self.clock.ms + every_s * 1000
                self.link.failed(failing)
            self.clock.sleep_ms(250)
        return up


def test_joins_the_first_network_that_is_there():
    site = Site([HOME, SHED], {"shed": SHED_AIR})
    assert site.pass_s(10)
    assert site.radio.joins == ["home", "shed"] and site.link.rssi() == -50
    assert site.radio.name == "xyte-10007f" and site.link.history is None


def test_open_network_and_name_from_settings():
    site = Site([{"ssid": "guest"}], {"guest": ("", 0, -60)}, hostname="pump-7")
    assert site.pass_s(5) and site.radio.name == "pump-7"


def test_wrong_password_ends_an_attempt_early_and_does_not_stop_the_others():
    site = Site([dict(HOME, key="not-the-key"), SHED], {"home": HOME_AIR, "shed": SHED_AIR})
    assert site.pass_s(6)
    assert site.radio.joins == ["home", "shed"]


def test_comes_back_by_itself_to_the_network_it_had():
    site = Site([HOME, SHED], {"shed": SHED_AIR})
    site.pass_s(10)
    del site.radio.air["shed"]
    assert not site.pass_s(20)
    site.radio.air["shed"] = SHED_AIR
    assert site.pass_s(20)
    assert site.radio.joins[2] == "shed" and site.link.history == "lost 1"


def test_prefers_the_better_network_once_it_can_be_heard():
    site = Site([HOME, SHED], {"shed": SHED_AIR})
    site.pass_s(1300)
    assert site.radio.scans == 2 and site.radio.joins == ["home", "shed"]  # looked, heard nothing, left nothing
    site.radio.air["home"] = HOME_AIR
    assert site.pass_s(700)
    assert site.radio.joins[2:] == ["home"] and site.link.rssi() == -60
    scans = site.radio.scans
    site.pass_s(3000)
    assert site.radio.scans == scans  # on the best one there is nothing to look for


def test_better_network_that_hides_its_name_is_tried_when_one_of_these_is_heard():
    hidden = dict(HOME, hidden=True)
    site = Site([hidden, SHED], {"shed": SHED_AIR})
    site.radio.hidden = ("home",)
    site.pass_s(1300)
    assert site.radio.scans == 2 and site.radio.joins == ["home", "shed"]  # none was heard, nothing was left
    site.radio.air["home"] = HOME_AIR
    assert site.pass_s(700)
    assert site.radio.joins[2:] == ["home"] and site.link.rssi() == -60
    seen = [(b"", b"", 1, -40, 3, True)]
    assert wifi_rules.better([HOME, SHED], 1, -50, seen) is None, "it need not be ours"
    assert wifi_rules.better([hidden, SHED], 0, -85, seen) is None, "nor another access point of the one in use"


def test_better_network_with_a_wrong_key_costs_less_and_less():
    site = Site([dict(HOME, key="not-the-key"), SHED], {"home": HOME_AIR, "shed": SHED_AIR})
    assert site.pass_s(36000)
    assert 3 <= site.radio.joins.count("home") <= 7


def test_weak_network_is_no_better_one():
    seen = [(b"home", b"", 1, -80, 3, False), (b"shed", b"", 1, -40, 3, False)]
    assert wifi_rules.better([HOME, SHED], 1, -50, seen) is None
    assert wifi_rules.better([SHED, HOME], 1, -80, seen) == (0, b"")
    assert wifi_rules.better([SHED, HOME], 0, -50, seen) is None


def test_weak_access_point_is_left_for_a_stronger_one_of_the_same_name():
    site = Site([HOME], {"home": ("home-key-1", 0, -85)})
    assert site.pass_s(1300) and site.radio.scans >= 1 and site.radio.joins == ["home"]
    site.radio.others = [(b"home", b"\2\0\0\0\0\2", 11, -78, 3, False), (b"home", b"\2\0\0\0\0\3", 1, -60, 3, False)]
    assert site.pass_s(1300)
    assert site.radio.joins == ["home"] * len(site.radio.joins) and len(site.radio.joins) > 1
    assert site.radio.station.bssid == b"\2\0\0\0\0\3"


def test_static_address_and_back_to_dhcp():
    fixed = dict(HOME, ip="10.0.0.5", mask="255.255.255.0", gateway="10.0.0.1")
    site = Site([fixed, SHED], {"home": HOME_AIR})
    assert site.pass_s(5)
    assert site.radio.station.ifconfig() == ("10.0.0.5", "255.255.255.0", "10.0.0.1", "10.0.0.1")
    site.radio.air = {"shed": SHED_AIR}
    assert site.pass_s(20) and site.radio.station.ifconfig()[0] == "192.168.1.7"


def test_radio_is_cycled_and_the_chip_reset_when_no_network_comes_back():
    site = Site([HOME], {}, link_reset_s=600)
    site.pass_s(300)
    assert site.radio.station.cycles >= 1
    try:
        site.pass_s(1000)
        raise AssertionError("no reset")
    except Restarted:
        assert 600 <= site.clock.now_s() < 720 and site.chip.boots.count == 0
    site.boot()  # the count is on flash: the next reset is twice as far
    assert site.link.history == "reset 1"
    before = site.clock.now_s()
    try:
        site.pass_s(2000)
        raise AssertionError("no reset")
    except Restarted:
        assert site.clock.now_s() - before >= 1200
    site.boot()
    site.radio.air["home"] = HOME_AIR
    assert site.pass_s(90)
    site.link.heard()
    site.boot()
    assert site.link.history is None


def test_transmit_power_is_set_again_after_the_radio_was_off():
    site = Site([HOME], {"home": HOME_AIR}, tx_power_dbm=8.5)
    site.pass_s(5)
    site.pass_s(400, LinkError("timed out"))
    assert site.radio.station.cycles == 1 and site.radio.powers == [8.5, 8.5, 8.5]
    site = Site([HOME], {"home": HOME_AIR})
    assert site.pass_s(5) and site.radio.powers == [20]


def test_ladder_climbs_while_nothing_answers():
    site = Site([HOME], {"home": HOME_AIR}, link_reset_s=900)
    site.pass_s(5)
    renewals = site.radio.renewals
    site.pass_s(45, NoAddressError("no address"))
    assert site.radio.dns == "192.168.1.1" and site.link.history == "dns 1"
    site.pass_s(40, NoAddressError("no address"))
    assert site.radio.renewals == renewals + 1 and site.link.history == "dns 1, dhcp 1"
    site.pass_s(60, LinkError("timed out"))
    assert site.radio.joins == ["home", "home"]
    site.pass_s(200, LinkError("timed out"))
    assert site.radio.station.cycles == 1 and site.link.history == "dns 1, dhcp 1, join 1, radio 1"
    try:
        site.pass_s(1000, LinkError("timed out"))
        raise AssertionError("no reset")
    except Restarted:
        assert 900 <= site.clock.now_s() < 950


def test_answer_of_any_kind_ends_the_climb():
    site = Site([HOME], {"home": HOME_AIR})
    site.pass_s(5)
    for _ in range(20):
        site.pass_s(20, LinkError("timed out"))
        site.link.heard()
    assert site.radio.joins == ["home"] and site.link.history is None


def test_name_server_is_left_alone_when_names_are_found():
    site = Site([HOME], {"home": HOME_AIR})
    site.radio.dns = "9.9.9.9"
    site.pass_s(5)
    site.pass_s(45, LinkError("no connection"))
    assert site.radio.dns == "9.9.9.9" and site.link.done == 1


def test_every_rung_has_a_count_and_a_time():
    for done, least, after_s in ((0, 3, 30), (1, 4, 60), (2, 5, 120), (3, 7, 300), (4, 10, 7200)):
        assert ladder.rung(done, least - 1, after_s, 7200) == -1
        assert ladder.rung(done, least, after_s - 1, 7200) == -1
        assert ladder.rung(done, least, after_s, 7200) == done
    assert ladder.rung(4, 99, 1799, 0) == -1 and ladder.rung(4, 99, 1800, 0) == len(ladder.RUNGS)
    assert [ladder.reset_after_s(7200, n) for n in (0, 1, 3, 4, 200)] == [7200, 14400, 57600, 86400, 86400]
    assert ladder.reset_after_s(0, 3) == 0


def test_link_that_somebody_else_keeps_is_always_up():
    site = Site([], {})
    assert site.pass_s(5) and site.radio.joins == []
    site.pass_s(1000, LinkError("timed out"))
    assert site.radio.joins == [] and site.link.history is None


def test_lost_attempt_is_told_from_one_that_runs():
    assert not wifi_rules.is_lost(201, 201, 5000, False)  # left over from the attempt before
    assert wifi_rules.is_lost(201, 201, 8000, False) and wifi_rules.is_lost(15, 1001, 100, False)
    assert not wifi_rules.is_lost(201, 201, 24000, True)  # joined: what is left over says nothing
    assert not wifi_rules.is_lost(1000, 1000, 24000, False) and wifi_rules.is_lost(1001, 1000, 25000, True)


def test_network_that_takes_its_time_is_joined_behind_one_that_is_not_there():
    site = Site([HOME, SHED], {"shed": SHED_AIR})
    site.radio.dhcp_ms = 18000
    assert site.pass_s(40)
    assert site.radio.joins == ["home", "shed"]


def test_failure_that_may_pass_is_tried_again_at_once():
    site = Site([HOME], {"home": ("home-key-1", 205, -60)})
    site.pass_s(2)
    site.radio.air["home"] = HOME_AIR
    assert site.pass_s(2)
    assert site.radio.joins == ["home", "home"]


def test_network_that_leads_nowhere_gives_way_to_the_next():
    site = Site([HOME, SHED], {"home": HOME_AIR, "shed": SHED_AIR})
    site.pass_s(5)
    site.pass_s(400, LinkError("timed out"))
    assert site.radio.joins == ["home", "home", "shed"] and site.link.rssi() == -50
    site.link.heard()
    assert site.pass_s(700)
    assert site.radio.joins[3:] == ["home"]  # the better one has its chance


def test_link_that_is_being_left_is_not_up():
    site = Site([HOME, SHED], {"shed": SHED_AIR})
    site.pass_s(10)
    site.radio.air["home"] = HOME_AIR
    while site.link.step():
        site.clock.sleep_ms(250)
    assert not site.radio.station.isconnected() and site.radio.joins[-1] == "home"


def test_lost_link_begins_the_ladder_anew():
    site = Site([HOME], {"home": HOME_AIR})
    site.pass_s(5)
    site.pass_s(25, LinkError("timed out"))
    del site.radio.air["home"]
    site.pass_s(400)
    site.radio.air["home"] = HOME_AIR
    assert site.pass_s(60)
    site.link.failed(LinkError("timed out"))
    assert site.link.silent == 1 and "dns" not in site.link.history


def test_looking_after_a_good_link_leaves_nothing_on_the_heap():
    site = Site([HOME], {"home": HOME_AIR})
    site.pass_s(5)
    site.clock.left_ms = lambda ticks: 1  # this clock's numbers take heap on 32 bits, a chip's never do
    if not hasattr(micropython, "heap_lock"):
        return  # CPython
    micropython.heap_lock()
    try:
        for _ in range(3):
            up = site.link.step()
            site.link.heard()
    finally:
        micropython.heap_unlock()
    assert up


class Cable:
    """A network interface."""

    def __init__(self):
        self.switched, self.broken = [], False

    def active(self, on=None):
        if self.broken:
            raise OSError("ethernet disable failed")
        if on is not None:
            self.switched.append(on)
        return bool(self.switched and self.switched[-1])

    def isconnected(self):
        return self.active()


def test_cable_is_switched_on_and_again_when_nothing_answers():
    cable = Cable()
    link = Wired(cable)
    assert link.step() and link.rssi() is None and link.history is None
    for _ in range(4):
        link.failed(LinkError("timed out"))
    link.heard()
    link.failed(LinkError("timed out"))
    assert cable.switched == [True]
    for _ in range(4):
        link.failed(LinkError("timed out"))
    assert cable.switched == [True, False, True] and link.history == "bounce 1"
    cable.broken = True
    for _ in range(5):
        link.failed(LinkError("timed out"))
    assert link.history == "bounce 2"
    link.heard()
    assert link.history == "bounce 2"


def test_modules_of_the_search_are_let_go():
    site = Site([HOME], {"home": HOME_AIR})
    site.pass_s(5)
    assert "xyte.device.wifi_search" not in sys.modules


def test_flash_that_fails_does_not_turn_an_answer_into_a_crash():
    site = Site([HOME], {"home": HOME_AIR})
    site.chip.keys.set("link_resets", b"\x02")
    site.boot()
    site.pass_s(5)

    def fail(key):
        raise StoreError("NVS write: broken")

    site.chip.keys.erase = fail
    site.link.heard()
    assert site.link.resets == 0 and site.link.silent == 0


def test_ladder_climbs_where_somebody_else_joined_and_no_network_is_known():
    site = Site([HOME], {"home": HOME_AIR})
    site.pass_s(5)
    site.settings.wifi, site.settings.setup_password = [], "label-1234"
    renewals = site.radio.renewals
    site.boot()
    site.pass_s(100, NoAddressError("no address"))
    assert site.radio.renewals == renewals + 1
