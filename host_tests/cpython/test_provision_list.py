"""Provisioning without boards: the list, CA choice, secrets, the audit log, who gets which row."""

import json
import re
import signal
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from serial.tools import list_ports_common

from tools import __main__ as cli
from tools.provision import authorities, codes, entering, line, rows
from tools.provision.audit import DONE, FAILED, AuditLog
from tools.provision.found import Found
from tools.provision.matching import FinishedBefore, Matching
from tools.provision.order import SETTINGS, Order
from tools.provision.problem import ProvisionError
from tools.provision.rows import Row
from tools.provision.work import Work

# --- the list


def listed(folder, text, encoding="utf-8"):
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return rows.read(path)


def test_a_list_as_a_spreadsheet_writes_it(tmp_path):
    text = "sn;mac;name;cloud_id\r\nA-1;24-A1-60-00-00-01;Küche;\r\n;;;\r\nA-2;;; eXaaaaaaaaaaaaaaaa \r\n"
    assert listed(tmp_path, text, "utf-8-sig") == [
        Row("A-1", "24:a1:60:00:00:01", "", "Küche", line=2),
        Row("A-2", "", "eXaaaaaaaaaaaaaaaa", line=4),
    ]


@pytest.mark.parametrize("text", ["sep=;\r\nsn;name\r\nA-1;x", "sep=\t\nsn\tname\nA-1\tx", "\n sn , name,,\nA-1,x,,,"])
def test_what_spreadsheets_add_is_understood(tmp_path, text):
    if text.startswith("\n"):
        assert listed(tmp_path, text[1:]) == [Row("A-1", name="x", line=2)]
    else:
        assert listed(tmp_path, text) == [Row("A-1", name="x", line=3)]


def test_a_row_is_named_by_the_line_at_which_it_begins(tmp_path):
    with pytest.raises(ProvisionError, match="line 3: name has a line break"):
        listed(tmp_path, 'sn,name\n1,one\n2,"two\nlines"\n3,three')


def test_a_cloud_id_begins_with_the_short_code(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("sn,cloud_id\n1,eX" + "a" * 16)
    assert rows.read(path, "eX")[0].cloud_id == "eX" + "a" * 16
    with pytest.raises(ProvisionError, match="line 2: the Cloud ID 'eXaaa.* does not begin with the short code eY"):
        rows.read(path, "eY")
    for unique in ("a" * 15, "a" * 37):
        path.write_text(f"sn,cloud_id\n1,eX{unique}")
        with pytest.raises(ProvisionError, match="is no Cloud ID: .* then 16 to 36 letters and digits"):
            rows.read(path, "eX")


@pytest.mark.parametrize(("text", "told"), [
    ("", "says nothing"),
    ("mac\naa", "must name the columns, each once: sn"),
    ("sn,colour\n1,red", "it says sn, colour"),
    ("sn\n", "no rows"),
    ("sn,name\n,x", "line 2: no sn"),
    ("sn\n1,2", "line 2: more fields"),
    ("sn\n1\n2\n1", "sn 1 stands in line 2 and in line 4"),
    ("sn,mac\n1,24a160000001\n2,24:A1:60:00:00:01", "mac 24:a1:60:00:00:01 stands in line 2 and in line 3"),
    ("sn,cloud_id\n1,abcdefghijklmnop\n2,abcdefghijklmnop", "cloud_id abcdefghijklmnop stands"),
    ("sn,mac\n1,24a1600000", "line 2: '24a1600000' is not a MAC"),
    ("sn,cloud_id\n1,short", "line 2: 'short' is no Cloud ID"),
    ("sn,cloud_id\n1,https://x/c/abcdefghijklmnop", "line 2: 'https://x/c/abcdefghijklmnop' is no Cloud ID"),
    ("sn,cloud_id\n1,eX-abcdefghijklmnop_q", "then 16 to 36 letters and digits, no other"),
    ('sn,name\n1,"open\n2,x\n3,x', "line 2: unexpected end of data; is a quote open?"),
    ('sn,name\n1,"a"b\n', "line 2: ',' expected"),
    *[(f"sn,name\n1,a{c}b", f"line 2: name has a line break, or another character that cannot be printed: {c!a}")
      for c in "\u2028\u2029\x85\x0b\x0c\x1c"],
    ("sn\n" + "x" * 129, "more than 128 characters"),
    ("sn,name\n1,\x07", "cannot be printed: '\\x07'"),
    ("sn,sn\n1,2", "each once"),
    ("sn\n" + "x" * 200_000, "line 2: field larger"),
])
def test_a_list_that_cannot_be_used_is_told_by_its_line(tmp_path, text, told):
    with pytest.raises(ProvisionError, match=re.escape(told)):
        listed(tmp_path, text)


def test_a_list_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(ProvisionError, match=r"gone\.csv: No such file"):
        rows.read(tmp_path / "gone.csv")
    for encoding in ("latin-1", "utf-16"):
        with pytest.raises(ProvisionError, match="CSV UTF-8"):
            listed(tmp_path, "sn,name\n1,Küche", encoding)


# --- identifiers

def test_made_up_codes_have_the_clouds_form_and_do_not_repeat():
    ids = {codes.new_cloud_id("eX") for _ in range(200)}
    assert len(ids) == 200 and all(re.fullmatch(r"eX[0-9A-Za-z]{20}", one) for one in ids)
    passwords = {codes.new_setup_password() for _ in range(200)}
    assert len(passwords) == 200 and all(re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){2}[a-hjkmnp-z2-9]{4}", one)
                                         for one in passwords)


@pytest.mark.parametrize("portal", ["cloud.acme.com", "https://cloud.acme.com", "https://cloud.acme.com/"])
def test_a_claim_address_is_that_of_the_documentation(portal):
    assert codes.claim_address(portal, "eX-N5DiKi34LdV5_qsYkEpKp") == "https://cloud.acme.com/c/eX-N5DiKi34LdV5_qsYkEpKp"


@pytest.mark.parametrize("portal", ["[x", "a.com:99999", "", "http://cloud.acme.com", "https://cloud.acme.com/c", "https://a.com?x"])
def test_what_is_no_portal_is_told(portal):
    with pytest.raises(ProvisionError, match="customer portal"):
        codes.claim_address(portal, "x")


# --- CA certificates

def certificate(name, days=30, ca=True):
    """A self-signed certificate, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(7).not_valid_before(now - timedelta(days=60)).not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca, None), True).sign(key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM))


def test_a_ca_by_name_is_the_one_of_mozillas_list():
    (found,) = authorities.choose(["isrg root x1"])
    parsed = x509.load_der_x509_certificate(found.data)
    assert (found.name, found.path) == ("ISRG Root X1", "/ca/isrg-root-x1.der")
    assert parsed.fingerprint(hashes.SHA256()).hex() == (
        "96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6")


def test_a_ca_by_file_in_either_form_and_each_once(tmp_path):
    pem = certificate("Our CA") + certificate("Our other CA")
    (tmp_path / "two.pem").write_bytes(pem)
    one, two = authorities.choose([str(tmp_path / "two.pem")])
    assert (one.path, two.path) == ("/ca/our-ca.der", "/ca/our-other-ca.der")
    (tmp_path / "one.der").write_bytes(one.data)
    assert authorities.choose([str(tmp_path / "one.der"), str(tmp_path / "two.pem")]) == [one, two]


@pytest.mark.parametrize(("data", "told"), [
    (b"nothing", "not a certificate"),
    (certificate("Old CA", days=-1), "'Old CA' expired on"),
    (certificate("server", ca=False), "a server's certificate"),
    (b"".join(certificate(f"CA {n}") for n in range(5)), "more than the 4"),
])
def test_a_file_that_is_no_use_as_a_ca_is_told(tmp_path, data, told):
    (tmp_path / "f").write_bytes(data)
    with pytest.raises(ProvisionError, match=told):
        authorities.choose([str(tmp_path / "f")])


@pytest.mark.parametrize(("name", "told"), [
    ("ISRG Root", "did you mean ISRG Root X1 / .*; or ISRG Root X2 / "), ("Nobody's CA", "neither a file nor the name"),
    ("GlobalSign", "did you mean GlobalSign / GlobalSign ECC Root CA - R4; or GlobalSign / GlobalSign ECC Root "),
])
def test_a_name_that_is_not_on_the_list_is_told(name, told):
    with pytest.raises(ProvisionError, match=told):
        authorities.choose([name])


def test_cas_of_one_name_are_told_apart_by_their_full_names():
    names = [f"GlobalSign / GlobalSign Root CA - R{number}" for number in (3, 6)]
    r3, r6 = (x509.load_der_x509_certificate(authority.data) for authority in authorities.choose(names))
    assert "R3" in r3.subject.rfc4514_string() and "R6" in r6.subject.rfc4514_string()


@pytest.mark.parametrize("names", [("Twin", "Twin"), ("L" * 40 + "1", "L" * 40 + "2")])
def test_cas_whose_files_would_have_one_name_get_two(tmp_path, names):
    (tmp_path / "f").write_bytes(b"".join(map(certificate, names)))
    one, other = (authority.path for authority in authorities.choose([str(tmp_path / "f")]))
    assert one != other and one[:8] == other[:8]


# --- secrets

def test_secrets_come_from_the_environment(monkeypatch):
    monkeypatch.setenv(entering.HARDWARE_KEY, " key-of-the-batch\n")
    monkeypatch.setenv(entering.WIFI_KEY, "")
    assert entering.hardware_key() == "key-of-the-batch"
    assert entering.wifi_key("open") == ""


def test_without_terminal_and_environment_the_variable_is_named(monkeypatch):
    monkeypatch.delenv(entering.HARDWARE_KEY, raising=False)
    with pytest.raises(ProvisionError, match="set XYTE_HARDWARE_KEY"):
        entering.hardware_key()


@pytest.mark.parametrize(("variable", "value", "ask"), [
    (entering.HARDWARE_KEY, "", entering.hardware_key),
    (entering.HARDWARE_KEY, "zwei\x00", entering.hardware_key),
    (entering.WIFI_KEY, "seven77", lambda: entering.wifi_key("net")),
    (entering.WIFI_KEY, "eight\udcff88", lambda: entering.wifi_key("net")),
])
def test_a_secret_that_cannot_be_one_is_refused_and_not_shown(monkeypatch, variable, value, ask):
    monkeypatch.setattr(entering.os, "environ", {variable: value})
    with pytest.raises(ProvisionError) as refused:
        ask()
    assert not value or value not in str(refused.value)


def test_a_file_with_networks_is_for_its_owner_only(tmp_path):
    path = tmp_path / "wifi.json"
    path.write_text('[{"ssid": "line", "key": "secret-of-line"}]')
    path.chmod(0o640)
    with pytest.raises(ProvisionError, match="chmod 600"):
        entering.wifi_file(path)
    path.chmod(0o600)
    assert entering.wifi_file(path) == [{"ssid": "line", "key": "secret-of-line"}]
    path.write_text('{"ssid": "secret-of-line"')
    with pytest.raises(ProvisionError, match="not JSON") as refused:
        entering.wifi_file(path)
    assert "secret-of-line" not in str(refused.value)


# --- what a board gets

ORDER = Order("http://h", "hk", [], {"/keys/release.pub": b"k"}, [{"ssid": "s", "key": "12345678"}],
              {"log_level": "debug"})


def test_settings_come_last_and_leave_out_what_is_empty():
    files = ORDER.files(Row("S1", name="n"), "", "pass-word")
    assert list(files) == ["/keys/release.pub", SETTINGS]
    assert json.loads(files[SETTINGS]) == {
        "entry_url": "http://h", "hardware_key": "hk", "sn": "S1", "name": "n", "setup_password": "pass-word",
        "update_keys": ["/keys/release.pub"], "wifi": [{"ssid": "s", "key": "12345678"}], "log_level": "debug"}


def test_a_board_can_show_its_claim_code():
    files = replace(ORDER, portal="cloud.example.com").files(Row("S1", name="n"), "ABC123", "pass-word")
    text, *rows = files["/claim.qr"].decode().split()
    assert text == "https://cloud.example.com/c/ABC123"
    assert len(rows) == len(rows[0]) >= 21 and set("".join(rows)) == {"0", "1"}
    assert list(files)[-1] == SETTINGS


def test_an_order_does_not_show_its_secrets():
    assert "hk" not in repr(ORDER) and "12345678" not in repr(ORDER)


@pytest.mark.parametrize(("entry", "more", "told"), [
    ("https://h", {}, "needs the CA"), ("http://h", {"hardware_key": "x"}, "hardware_key: not as a setting"),
    ("http://h", {"sn": "x"}, "sn: not"), ("entry.xyte.io", {}, "no address to register at"),
    ("https://[x", {}, "no address to register at"), ("http://h:x", {}, "no address to register at"),
    ("http://h", {"note": "\udcff"}, "--set is not text in UTF-8"), ("http://\udcff", {}, "--entry is not text"),
])
def test_an_order_that_makes_no_sense_is_refused(entry, more, told):
    with pytest.raises(ProvisionError, match=told):
        Order(entry, "hk", [], {}, [], more)


# --- the audit log

def test_a_log_is_held_by_one_run_and_read_again(tmp_path):
    path = tmp_path / "a" / "log"
    with AuditLog(path) as log:
        log.write(FAILED, mac="m1", sn="s1", reason="broke")
        with pytest.raises(ProvisionError, match="another run"):
            AuditLog(path)
        log.write(DONE, mac="m1", sn="s1", cloud_id="")
        log.write(FAILED, mac="m1", sn="s1")
    with AuditLog(path) as log:
        assert [entry["result"] for entry in log.entries] == [FAILED, DONE, FAILED]
        assert log.latest("mac", "m1")["result"] == FAILED and log.latest("mac", "m1", DONE)["result"] == DONE
        assert log.latest("sn", "s2") == {}
        assert "cloud_id" not in log.entries[1]
    assert path.stat().st_mode & 0o077 == 0


def test_a_line_that_a_power_cut_tore_is_dropped(tmp_path):
    path = tmp_path / "log"
    with AuditLog(path) as log:
        log.write(DONE, mac="m1", sn="s1")
    path.write_text(path.read_text() + '{"time": "20')
    with AuditLog(path) as log:
        log.write(DONE, mac="m2", sn="s2")
    assert [json.loads(text)["sn"] for text in path.read_text().splitlines()] == ["s1", "s2"]


@pytest.mark.parametrize("data", [b"my notes\n", b"notes without an end", b'{"sn": 1}', b"\x92\n\xff"])
def test_what_is_no_log_is_left_alone(tmp_path, data):
    path = tmp_path / "notes"
    path.write_bytes(data)
    with pytest.raises(ProvisionError, match="not a.* audit log"):
        AuditLog(path)
    assert path.read_bytes() == data


# --- who gets which row

def board(number, sn="", registered=False, **kept):
    return Found("1.28", "1.0.0", mac(number), registered, {"sn": sn, **kept} if sn else {})


def mac(number):
    return f"24:a1:60:00:00:{number:02x}"


@pytest.fixture
def log(tmp_path):
    with AuditLog(tmp_path / "log") as log:
        yield log


PLAIN = [Row("S1"), Row("S2"), Row("S3")]


def test_boards_get_the_next_free_rows(log):
    matching = Matching(PLAIN, log)
    assert [matching.claim(board(n), f"p{n}").sn for n in (5, 6, 7)] == ["S1", "S2", "S3"]
    with pytest.raises(ProvisionError, match="no free row"):
        matching.claim(board(8), "p8")


def test_a_row_with_a_mac_is_for_that_chip_only(log):
    matching = Matching([Row("S1", mac(9)), Row("S2")], log)
    assert matching.claim(board(1), "p1").sn == "S2"
    assert matching.claim(board(9), "p9").sn == "S1"
    with pytest.raises(ProvisionError, match="no row for the chip"):
        Matching([Row("S1", mac(9))], log).claim(board(1), "p1")


def test_finished_boards_and_rows_are_not_touched_again(log):
    log.write(DONE, mac=mac(1), sn="S1")
    matching = Matching(PLAIN, log)
    with pytest.raises(FinishedBefore, match="made as S1 on 20"):
        matching.claim(board(1, "S1", registered=True), "p1")
    assert matching.claim(board(2), "p2").sn == "S2"
    with pytest.raises(ProvisionError, match="registered as S1, and the list has no row"):
        Matching([Row("T1")], log).claim(board(1, "S1", registered=True), "p1")
    with pytest.raises(ProvisionError, match="S1 was given to the board"):
        Matching([Row("S1", mac(4))], log).claim(board(4), "p4")


def test_a_failed_board_gets_its_row_again_and_nobody_else_does(log):
    log.write(FAILED, mac=mac(1), sn="S1")
    matching = Matching(PLAIN, log)
    assert matching.claim(board(2), "p2").sn == "S2"
    assert matching.claim(board(1), "p1").sn == "S1"
    with pytest.raises(ProvisionError, match="S1 wait for the boards that failed"):
        Matching([Row("S1")], log).claim(board(3), "p3")
    assert Matching([Row("S1")], log, released=["S1"]).claim(board(3), "p3").sn == "S1"


def test_a_board_that_holds_a_row_already_keeps_it_though_the_log_is_lost(log):
    assert Matching(PLAIN, log).claim(board(1, sn="S3"), "p1").sn == "S3"


@pytest.mark.parametrize("table", [PLAIN, [Row("S1", "24:a1:60:00:00:01")]])
def test_a_board_with_another_label_becomes_a_new_device_only_when_that_is_meant(log, table):
    with pytest.raises(ProvisionError, match="made as X9, and the list has no row for that; --relabel"):
        Matching(table, log).claim(board(1, sn="X9"), "p1")
    assert Matching(table, log, relabel=True).claim(board(1, sn="X9"), "p1").sn == "S1"
    log.write(FAILED, mac=mac(1), sn="S1")
    assert Matching(table, log, relabel=True).claim(board(1, sn="X9"), "p1").sn == "S1", "the same command again"


def test_a_board_with_the_serial_number_of_another_one_is_refused(log):
    log.write(DONE, mac=mac(1), sn="S1")
    with pytest.raises(ProvisionError, match="made as S1, and the list has no row"):
        Matching(PLAIN, log).claim(board(2, sn="S1"), "p2")


def test_a_registered_board_is_refused_unless_that_is_meant(log):
    with pytest.raises(ProvisionError, match="registered already, as S2; --even-registered"):
        Matching(PLAIN, log).claim(board(1, sn="S2", registered=True), "p1")
    assert Matching(PLAIN, log, even_registered=True).claim(board(1, sn="S2", registered=True), "p1").sn == "S2"


@pytest.mark.parametrize("sn", ["X9", ""])
@pytest.mark.parametrize("table", [PLAIN, [Row("S1", "24:a1:60:00:00:01")]])
def test_a_registered_board_keeps_its_serial_number_whatever_is_wished(log, table, sn):
    matching = Matching(table, log, even_registered=True, relabel=True)
    with pytest.raises(ProvisionError, match=f"registered as {sn or 'what is unknown'}, .* reset-identity"):
        matching.claim(board(1, sn, registered=True), "p1")


def test_a_registered_board_keeps_its_cloud_id(log):
    table = [Row("S1", cloud_id="eXaaaaaaaaaaaaaaaa", line=2)]
    for kept in ({"cloud_id": "eXbbbbbbbbbbbbbbbb"}, {}):
        with pytest.raises(ProvisionError, match="another Cloud ID than line 2"):
            Matching(table, log, even_registered=True).claim(board(1, "S1", registered=True, **kept), "p1")
    same = board(1, "S1", registered=True, cloud_id="eXaaaaaaaaaaaaaaaa")
    assert Matching(table, log, even_registered=True).claim(same, "p1").sn == "S1"
    assert device(Row("S1"), board(1, "S1", registered=True), log).cloud_id == "", "the cloud knows of none"


def test_a_board_that_registered_before_it_was_finished_is_finished(log):
    log.write(FAILED, mac=mac(1), sn="S1", reason="interrupted")
    assert Matching(PLAIN, log).claim(board(1, "S1", registered=True), "p1").sn == "S1"
    with pytest.raises(ProvisionError, match="registered already, as S2"):
        Matching(PLAIN, log).claim(board(1, "S2", registered=True), "p1")


def test_a_run_that_is_killed_as_settings_change_leaves_a_line_for_the_next_one(log):
    class Board:
        """The power of this machine goes when the board is told to move its files."""

        files: ClassVar = {}

        def call(self, name, function, *arguments, keys=None):
            if function == "move":
                raise SystemExit
            return {"found": board(1).__dict__, "hashes": {path: sha256(data).hexdigest() for path, data
                                                           in self.files.items()}}.get(function)

        def write(self, path, data):
            self.files[path] = data

    with pytest.raises(SystemExit):
        Work(ORDER, Matching(PLAIN, log), log, "", lambda device: None)._board(Board(), "p1", lambda text: None)
    assert log.entries == []
    log._file.close()  # as the power goes
    with AuditLog(log._path) as following:
        [left] = following.entries
        assert left | {"result": FAILED, "sn": "S1", "reason": "interrupted"} == left
        assert Matching(PLAIN, following).claim(board(1, "S1", registered=True), "p1").sn == "S1"
    with AuditLog(log._path) as following:
        assert following.entries == [left]


def test_new_settings_that_failed_are_tried_again(log):
    log.write(DONE, mac=mac(1), sn="S1")
    log.write(FAILED, mac=mac(1), sn="S1")
    assert Matching(PLAIN, log).claim(board(1, "S1", registered=True), "p1").sn == "S1"
    assert Matching(PLAIN, log).left() == 3


@pytest.mark.parametrize("registered", [False, True])
def test_a_finished_board_that_was_wiped_is_made_again_as_what_it_was(log, registered):
    log.write(DONE, mac=mac(1), sn="S2", cloud_id="eXbbbbbbbbbbbbbbbb")
    log.write(FAILED, mac=mac(1), sn="S2", reason="pulled")
    wiped = board(1, registered=registered)
    assert Matching(PLAIN, log).claim(wiped, "p1").sn == "S2"
    assert device(Row("S2"), wiped, log).cloud_id == "eXbbbbbbbbbbbbbbbb"
    assert device(Row("S2", cloud_id="eXcccccccccccccccc"), wiped, log).cloud_id == "eXcccccccccccccccc"
    assert device(Row("S2"), board(1, "S2", cloud_id="eXdddddddddddddddd"), log).cloud_id == "eXdddddddddddddddd"
    assert device(Row("S3"), board(1), log).cloud_id.startswith("new")


def device(row, found, log):
    return Work(ORDER, Matching(PLAIN, log), log, "new", lambda device: None)._device(row, found)


def test_the_same_chip_on_two_ports_is_refused(log):
    matching = Matching(PLAIN, log)
    matching.claim(board(1), "/dev/ttyUSB0")
    with pytest.raises(ProvisionError, match="the same chip is on /dev/ttyUSB0"):
        matching.claim(board(1), "/dev/ttyUSB1")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=6), max_size=6))
def test_whatever_fails_no_row_is_given_twice_and_every_board_keeps_its_own(runs):
    """Runs of (chip, does it fail half-way), in any order, over one log."""
    table, owner, finished = [*PLAIN, Row("S4", mac(0))], {}, {}
    with tempfile.TemporaryDirectory() as folder, AuditLog(Path(folder, "log")) as log:
        for run in runs:
            matching = Matching(table, log)
            for chip, fails in run:
                try:
                    row = matching.claim(board(chip, finished.get(chip, "")), "port")
                except FinishedBefore:
                    assert chip in finished
                    continue
                except ProvisionError:
                    continue
                assert owner.setdefault(row.sn, chip) == chip, "a row has one board for ever"
                assert finished.setdefault(chip, row.sn) == row.sn if not fails else chip not in finished
                assert (row.sn == "S4") == (chip == 0)
                log.write(FAILED if fails else DONE, mac=mac(chip), sn=row.sn)


def test_a_row_to_release_must_be_in_the_list_and_unfinished(log):
    with pytest.raises(ProvisionError, match="--release S9: not in the list"):
        Matching(PLAIN, log, released=["S9"])
    log.write(DONE, mac=mac(1), sn="S1")
    log.write(FAILED, mac=mac(1), sn="S1")
    matching = Matching(PLAIN, log, released=["S1", "S2"])
    (told,) = matching.kept_rows()
    assert re.search(f"--release S1 does nothing: the board {mac(1)} was finished as S1", told)
    assert matching.claim(board(2), "p2").sn == "S2"


# --- the command, before any board

def test_ports_are_each_taken_once():
    assert line.ports(["socket://h:1,socket://h:2", "socket://h:1"]) == ["socket://h:1", "socket://h:2"]


def test_all_is_every_usb_port_and_none_is_told(monkeypatch):
    usb, modem = (list_ports_common.ListPortInfo(name) for name in ("/dev/ttyUSB0", "/dev/ttyS0"))
    usb.vid = 0x10C4
    monkeypatch.setattr(line.list_ports, "comports", lambda: [modem, usb])
    assert line.ports(["all"]) == ["/dev/ttyUSB0"]
    monkeypatch.setattr(line.list_ports, "comports", lambda: [modem])
    with pytest.raises(ProvisionError, match="no USB serial port here"):
        line.ports(["all"])


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_boards_at_work_are_finished_however_often_the_run_is_ended(first, capsys):
    at_work, finished = threading.Event(), []

    def work(port, say):
        at_work.set()
        time.sleep(0.2)
        finished.append(port)
        return port

    def press():
        at_work.wait()
        for number in (first, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.pthread_kill(threading.main_thread().ident, number)
            time.sleep(0.02)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt), line.ended_once():
        line.run(["p1", "p2"], work)
    assert sorted(finished) == ["p1", "p2"] and "finishing the boards at work" in capsys.readouterr().out


def test_a_surprise_with_one_board_is_its_verdict_and_the_others_go_on(capsys):
    def work(port, say):
        return {"p1": "S1"}[port]

    good, bad = line.run(["p1", "p2"], work)
    assert (good.ok, good.text) == (True, "done: S1")
    assert (bad.ok, bad.text) == (False, "NOT DONE: KeyError: 'p2'")


@pytest.mark.parametrize(("words", "told"), [
    (["--labels", "out"], "--labels needs --portal"),
    (["--labels", "out", "--portal", "http://x"], "customer portal"),
    (["--labels", "out", "--portal", "cloud.acme.com"], "S1 has none in the list: --short-code"),
    (["--ca", "Nobody"], "neither a file nor"),
    ([], "https needs the CA"),
    (["--update-key", "list.csv", "--ca", "ISRG Root X1"], "no public key"),
    (["--update-key", "a/release.pub", "--update-key", "b/release.pub"], "two files have one name"),
    (["--short-code", "e X"], "'e X' is no short code"),
    (["--wifi", ""], "1 to 32 bytes"),
    (["--wifi", "caf\udce9"], "--wifi is not text in UTF-8"),
    (["--portal", "[x"], "'[x' is not the address of a customer portal"),
    (["--log", "list.csv", "--ca", "ISRG Root X1"], "list.csv, line 1: not a line of an audit log"),
])
def test_a_wrong_command_line_is_told_before_any_port_is_opened(tmp_path, monkeypatch, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(entering.HARDWARE_KEY, "hk")
    Path("list.csv").write_text("sn\nS1\n")
    assert cli.main(["provision", "list.csv", "--ports", "/dev/not-there", *words]) == 1
    assert told in capsys.readouterr().err
    assert not Path("list.audit.jsonl").exists()
