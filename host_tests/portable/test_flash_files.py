"""Settings with their spare copy, and the crash note."""

import json

from fakes.chip import FakeChip, FakeKeys
from places import empty_folder
from xyte.errors import SettingsError
from xyte.services import crash_note, files
from xyte.services.settings_file import SettingsFile

GOOD = {"hardware_key": "hk", "sn": "S", "ca_files": ["/ca.pem"]}


def fresh(values=GOOD, ca=b"CERT"):
    root, keys = empty_folder("settings"), FakeKeys()
    if values is not None:
        files.write(root + "/settings.json", values if isinstance(values, bytes) else json.dumps(values).encode())
    if ca:
        files.write(root + "/ca.pem", ca)
    return root, keys


def fault(root, keys):
    try:
        SettingsFile(keys, root).load()
    except SettingsError as e:
        return str(e)
    raise AssertionError("no SettingsError")


def test_loading_keeps_a_spare_and_costs_no_second_write():
    root, keys = fresh()
    assert SettingsFile(keys, root).load().ca_files == [root + "/ca.pem"]
    writes = keys.writes
    assert writes == 2
    SettingsFile(keys, root).load()
    assert keys.writes == writes


def test_a_wiped_file_system_comes_back():
    root, keys = fresh()
    SettingsFile(keys, root).load()
    root = empty_folder("settings")
    assert SettingsFile(keys, root).load().sn == "S"
    assert files.read(root + "/ca.pem") == b"CERT" and json.loads(files.read(root + "/settings.json")) == GOOD


def test_the_file_is_the_truth():
    root, keys = fresh()
    SettingsFile(keys, root).load()
    changed = dict(GOOD)
    changed["sn"] = "T"
    files.write(root + "/settings.json", json.dumps(changed).encode())
    assert SettingsFile(keys, root).load().sn == "T"
    files.remove(root + "/settings.json")
    assert SettingsFile(keys, root).load().sn == "T"


def test_a_damaged_file_does_not_spoil_the_spare():
    root, keys = fresh()
    SettingsFile(keys, root).load()
    before = dict(keys.values)
    for bad in (b"\xff\xff", b'{"hardware_key": ', b"[]", b'{"sn": 5}'):
        files.write(root + "/settings.json", bad)
        fault(root, keys)
        assert keys.values == before, bad
    files.remove(root + "/settings.json")
    assert SettingsFile(keys, root).load().sn == "S"


def test_words_for_what_is_missing():
    assert "settings.json" in fault(*fresh(None))
    assert "not JSON" in fault(*fresh(b"nonsense"))
    assert "/ca.pem is missing" in fault(*fresh(ca=None))
    root, keys = fresh(None)
    keys.values["settings"] = b"torn"
    assert "no settings" in fault(root, keys)


def test_dead_nvs_is_survived():
    root, keys = fresh()
    keys.broken = keys.unreadable = True
    assert SettingsFile(keys, root).load().sn == "S"
    files.remove(root + "/settings.json")
    assert "no settings" in fault(root, keys)


def test_crash_note():
    root = empty_folder("crash")
    assert crash_note.load(root) == ""
    crash_note.keep(FakeChip(root, None), "agent", ValueError("x" * 2000 + "it broke \u00e9"))
    text = crash_note.load(root)
    assert text.endswith("it broke \u00e9") and len(text.encode()) <= 1000
    crash_note.forget(root)
    assert crash_note.load(root) == ""


def test_a_crash_note_that_is_no_text():
    root = empty_folder("crash")
    files.write(root + "/crash.txt", b"\xff\xfe")
    assert crash_note.load(root) == "unreadable crash note"


def test_a_crash_note_that_cannot_be_written():
    crash_note.keep(FakeChip("/nonexistent/nowhere", None), "agent", ValueError("text"))


def test_a_file_half_written_is_the_old_one():
    root = empty_folder("files")
    files.write(root + "/f", b"old")
    with open(root + "/f.new", "wb") as f:
        f.write(b"ne")
    assert files.read(root + "/f") == b"old"
    files.write(root + "/f", b"new")
    assert files.read(root + "/f") == b"new"
    files.write(root + "/f", b"")
    assert files.read(root + "/f") is None, "an empty file is an absent one"
