"""The settings' rules: each bad value is reported by its key, and each default holds."""

from xyte.core import settings_rules, url
from xyte.errors import SettingsError

GOOD = {"hardware_key": "hk", "ca_files": ["/ca.pem"]}


def read(**changes):
    values = dict(GOOD)
    values.update(changes)
    return settings_rules.read(values)


def test_defaults():
    s = read()
    assert s.entry_url == "https://entry.xyte.io"
    assert (s.telemetry_interval_s, s.log_level) == (60, "info")
    assert s.tx_power_dbm == 0 and [read(tx_power_dbm=dbm).tx_power_dbm for dbm in (8.5, 20)] == [8.5, 20]
    assert (s.sn, s.mac, s.cloud_id, s.name, s.sub_model) == ("",) * 5
    assert s.follow_latest is False and read(follow_latest=True).follow_latest is True
    assert s.wifi == [] and s.development_hosts == []
    assert read(sn=None, telemetry_interval_s=None).telemetry_interval_s == 60


def test_every_fault_names_its_key():
    for key, bad in (
        ("entry_url", ["", 5, "ftp://x", "https://", "http://not.listed", "https://x y", "x" * 300]),
        ("hardware_key", ["", 5, None, [], "k" * 200]),
        ("sn", [5, [], "s" * 200]),
        ("mac", [5, "02:00", "02:00:5e:10:00:7g", "02:00:5e:10:00:7f:11"]),
        ("follow_latest", [1, 0, "yes", []]),
        ("cloud_id", [5, "c" * 200]),
        ("name", [5, "n" * 300]),
        ("sub_model", [True, "m" * 200]),
        ("tx_power_dbm", [0, 1.9, -1, 20.5, "8", True, []]),
        ("telemetry_interval_s", [0, -1, 86401, "60", 1.5, True, []]),
        ("ca_files", [[], "x", [5], [""], ["a"] * 5]),
        ("wifi", ["x", [5], [{}], [{"ssid": ""}], [{"ssid": "a", "key": "short"}], [{"ssid": "a", "pw": "x"}]]),
        ("log_level", ["loud", 1, ""]),
        ("development_hosts", ["x", [5], [""]]),
    ):
        for value in bad:
            try:
                read(**{key: value})
            except SettingsError as e:
                assert "'%s'" % key in str(e), (key, value, str(e))
            else:
                raise AssertionError((key, value))


def test_unknown_key_and_no_object():
    for values in ({"hardware_kee": "x"}, [], None, "text", 5):
        try:
            settings_rules.read(values)
        except SettingsError as e:
            assert str(e)
        else:
            raise AssertionError(values)


def test_a_bad_wifi_key_is_not_told():
    for network in ({"ssid": "a", "key": "hunter2"}, {"ssid": "a", "key": "x" * 65}):
        try:
            read(wifi=[network])
        except SettingsError as e:
            assert network["key"] not in str(e)
        else:
            raise AssertionError(network)


def test_mac_in_any_spelling():
    for text in ("02:00:5E:10:00:7F", "02-00-5e-10-00-7f", "0200.5e10.007f", "02005E10007F"):
        assert read(mac=text).mac == "02:00:5e:10:00:7f", text


def test_plain_http_only_to_development_hosts():
    s = read(entry_url="http://box:8080", development_hosts=["box"], ca_files=[])
    assert not url.allowed(s.entry_url, s).tls
    assert url.allowed("box", s).tls is False, "without a scheme: as the entry host"
    secure = read(development_hosts=["box"])
    assert url.allowed("hub.test", secure).tls
    assert not url.allowed("http://box", secure).tls
    for settings in (s, secure):
        try:
            url.allowed("http://elsewhere", settings)
        except SettingsError as e:
            assert "development_hosts" in str(e)
        else:
            raise AssertionError("plain http to a stranger")


def test_link_settings():
    fixed = {"ssid": "a", "ip": "10.0.0.2", "mask": "255.0.0.0", "gateway": "10.0.0.1"}
    settings = read(wifi=[fixed], hostname="pump-7", setup_password="12345678", link_reset_s=0, setup_after_s=0)
    assert settings.wifi == [fixed] and settings.hostname == "pump-7" and settings.setup_pin == -1
    assert read(wifi=[{"ssid": "a", "hidden": True}]).wifi[0]["hidden"] is True
    for word, change in (
        ("ip", {"wifi": [{"ssid": "a", "ip": "10.0.0.256", "mask": "255.0.0.0", "gateway": "10.0.0.1"}]}),
        ("gateway", {"wifi": [{"ssid": "a", "ip": "10.0.0.2", "mask": "255.0.0.0"}]}),
        ("dns", {"wifi": [dict(fixed, dns=8)]}),
        ("ssid", {"wifi": [{"ssid": "x" * 33}]}),
        ("hidden", {"wifi": [{"ssid": "a", "hidden": "no"}]}),
        ("setup_password", {"setup_password": "1234567"}),
        ("link_reset_s", {"link_reset_s": 86401}),
        ("setup_pin", {"setup_pin": -1}),
    ):
        try:
            read(**change)
            raise AssertionError(word)
        except SettingsError as e:
            assert word in str(e), e
