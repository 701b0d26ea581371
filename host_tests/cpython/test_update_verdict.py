"""What a board would say: each reason to refuse an update has words of its own, and what is good passes."""

import dataclasses
import json
import subprocess
import sys

import pytest
from update_lab import app, checksum, fields, firmware, key, public, save

from command_line import tools
from tools.update import payload, signing
from tools.update.build_cli import HELP
from tools.update.form import parse_checksum
from tools.update.verdict import Board, Refused, judge

BOARD = Board((public("ours"),), running="1.0.0")


@pytest.mark.parametrize("data", [app(), firmware(), payload.compress(app()), payload.compress(firmware())])
def test_a_good_update(data):
    assert judge(data, fields(data), BOARD).version == "1.1.0"
    assert judge(data, fields(data), dataclasses.replace(BOARD, keys=(public("theirs"), public("ours"))))
    assert judge(data, fields(data) | {"signature": None}, Board(running="1.0.0"))
    assert judge(data, None, BOARD)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def signed(data: bytes) -> dict:
    """A form for any bytes, signed as if they were firmware."""
    form = {"version": "1.1.0", "checksum": checksum(data)}
    text = signing.signed_text(parse_checksum(form["checksum"]), "1.1.0", "esp32")
    return form | {"signature": signing.sign(key("ours"), text)}


GOOD = fields(firmware())
PAGE = b"<html><body>Please log in</body></html>".ljust(len(firmware()))
FLASH = b"\xff" * 0x1000 + firmware()
CASES = {
    "truncated": (firmware()[:-100], GOOD, "truncated: "),
    "truncated gzip": (payload.compress(firmware())[:-10], GOOD, "truncated: the gzip"),
    "longer": (firmware() + b"\0", GOOD, "other length"),
    "bit-flipped": (flipped(firmware(), 5000), GOOD, "wrong checksum"),
    "bit-flipped when signed": (flipped(firmware(), 5000), signed(flipped(firmware(), 5000)), "damaged image"),
    "wrong chip": (firmware(chip_id=9), fields(firmware(chip_id=9), chip="esp32"), "wrong chip: the image is for"),
    "wrong chip as signed": (firmware(chip_id=9), fields(firmware(chip_id=9)), "wrong signature: signed with ours"),
    "another file, for another chip": (firmware(chip_id=9), GOOD, "wrong chip"),
    "wrong project": (firmware(project="lamp"), fields(firmware(project="lamp")), "wrong project: the image is of"),
    "too large": (firmware(body=bytes(0x180000)), fields(firmware(body=bytes(0x180000))), "too large: "),
    "no signature": (firmware(), GOOD | {"signature": None}, "not signed"),
    "wrong signature": (firmware(), GOOD | {"signature": "A" * 512}, "wrong signature: signed with a key that"),
    "signature that is none": (firmware(), GOOD | {"signature": "yes"}, "wrong signature: the signature is not base64"),
    "unknown key": (firmware(), fields(firmware(), by="theirs"), "wrong signature: signed with a key that"),
    "signature for another version": (
        firmware(), GOOD | {"version": "1.2.0"}, "wrong signature: signed with ours, but for another"),
    "signature for another chip": (firmware(), fields(firmware(), chip="esp32s3"), "wrong signature: signed with ours"),
    "signature of another file": (
        firmware(), GOOD | {"signature": fields(app())["signature"]}, "wrong signature: signed with ours, but"),
    "other version inside": (app("1.3.0"), fields(app("1.3.0"), "1.1.0"), "other version: the form says 1.1.0"),
    "downgrade": (firmware("0.9.0"), fields(firmware("0.9.0"), "0.9.0"), "downgrade: 0.9.0 is older than"),
    "downgrade to a pre-release": (app("1.0.0-rc.1"), fields(app("1.0.0-rc.1"), "1.0.0-rc.1"), "downgrade: "),
    "HTML page": (PAGE, GOOD, "an HTML page"),
    "HTML page as packed": (payload.compress(PAGE), GOOD, "an HTML page"),
    "application as firmware": (app(), GOOD, "other kind: the form says firmware, the payload is application"),
    "whole flash": (FLASH, signed(FLASH), "a whole-flash .bin"),
    "whole flash, other checksum": (FLASH, GOOD, "a whole-flash .bin"),
    "no checksum": (firmware(), GOOD | {"checksum": None}, "no checksum"),
    "other checksum": (firmware(), GOOD | {"checksum": "crc32:1"}, "not of the form"),
    "no version": (firmware(), GOOD | {"version": ""}, "not a semantic version"),
    "gzip that is none": (payload.GZIP_MAGIC + b"\0" * 50, GOOD, "damaged gzip"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal(name):
    data, form, reason = CASES[name]
    with pytest.raises(Refused) as caught:
        judge(data, form, BOARD)
    assert str(caught.value).startswith(reason) or reason in str(caught.value)


def test_what_the_command_or_the_board_may_allow():
    older = firmware("0.9.0")
    assert judge(older, fields(older, "0.9.0"), dataclasses.replace(BOARD, allow_downgrade=True))
    assert judge(older, fields(older, "0.9.0"), dataclasses.replace(BOARD, running=None))
    other = firmware(chip_id=9, project="lamp")
    assert judge(other, fields(other), dataclasses.replace(BOARD, chip="esp32s3", project="lamp"))
    assert judge(app(), fields(app()), dataclasses.replace(BOARD, chip="esp32s3", project="lamp"))
    for form in (None, fields(firmware())):
        with pytest.raises(Refused, match="too large"):
            judge(firmware(), form, Board(slot_bytes=4096))
    with pytest.raises(Refused, match="wrong chip"):
        judge(firmware(), None, Board(chip="esp32c3"))


def test_the_commands_from_key_to_verdict(tmp_path):
    """build, keys, sign, verify: the way of a release, on both kinds."""
    assert tools("keys", "new", "release", "--dir", tmp_path).returncode == 0
    pem, pub = tmp_path / "release.pem", tmp_path / "release.pub"
    for words, out in (
        (["app", "--gzip", "--with-agent"], tmp_path / "app.tar.gz"),
        (["firmware", "--target", "virtual"], tmp_path / "firmware.bin"),
    ):
        built = tools("build", *words, "--version", "1.1.0", "--out", out)
        assert built.returncode == 0 and "1.1.0" in built.stdout, built.stderr
        again = out.with_name("again")
        assert tools("build", *words, "--version", "1.1.0", "--out", again).returncode == 0
        assert again.read_bytes() == out.read_bytes()
        signed = tools("sign", out, "--version", "1.1.0", "--key", pem)
        assert signed.returncode == 0, signed.stderr
        form = json.loads(out.with_name(out.name + ".json").read_text())
        assert list(form) == ["file_type", "version", "checksum", "signature"]
        assert all(f"{name}: {value}\n" in signed.stdout for name, value in form.items())
        assert "PRIVATE" not in signed.stdout
        good = tools("verify", out, "--key", pub, "--running", "1.0.0")
        assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "the board would install it")
    report = tools("verify", tmp_path / "app.tar.gz")
    assert " main.py\n" in report.stdout and "lib/xyte/agent.mpy" in report.stdout
    shown = subprocess.run([sys.executable, "-m", "esptool", "image-info", tmp_path / "firmware.bin"],
                           capture_output=True, text=True, check=True).stdout
    assert "App version: 1.1.0" in shown and "Validation hash" in shown


@pytest.fixture
def release(tmp_path):
    """A signed firmware with its fields, and its public key."""
    signing.save(key("ours"), tmp_path, "ours")
    signing.save(key("theirs"), tmp_path, "theirs")
    file = save(tmp_path / "f.bin", firmware())
    (tmp_path / "f.bin.json").write_text(json.dumps(fields(firmware())))
    return file


@pytest.mark.parametrize("words, last", [
    (["--running", "1.1.0"], "the board would report done: it runs this version already"),
    (["--running", "2.0.0", "--allow-downgrade"],
     "the board would install it; no key was given, so it asks for no signature"),
    (["--key", "ours.pub", "--key", "theirs.pub", "--slot", "0x200000"], "the board would install it"),
])
def test_verify_says_what_would_happen(release, words, last):
    words = [release.parent / word if word.endswith(".pub") else word for word in words]
    done = tools("verify", release, *words)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, last)


def test_verify_without_a_form_looks_at_the_payload_alone(release):
    release.with_name("f.bin.json").unlink()
    done = tools("verify", release)
    assert done.returncode == 0 and "without form fields" in done.stdout
    done = tools("verify", release, "--key", release.parent / "ours.pub")
    assert done.returncode == 1 and "--key needs the form fields" in done.stderr


@pytest.mark.parametrize("words, told", [
    (["verify", "f.bin", "--running", "2.0.0"], "refused: downgrade"),
    (["verify", "f.bin", "--key", "theirs.pub"], "refused: wrong signature"),
    (["verify", "f.bin", "--key", "ours.pem"], "is no public key"),
    (["verify", "f.bin", "--chip", "esp32c3"], "refused: wrong chip"),
    (["verify", "f.bin", "--project", "lamp"], "refused: wrong project"),
    (["verify", "f.bin", "--slot", "4096"], "refused: too large"),
    (["verify", "f.bin", "--fields", "ours.pub"], "ours.pub holds no form fields"),
    (["verify", "f.bin", "--fields", "list.json"], "holds no form fields"),
    (["verify", "none.bin"], "No such file"),
    (["sign", "none.bin", "--version", "1.0.0", "--key", "ours.pem"], "No such file"),
    (["sign", "page.html", "--version", "1.0.0", "--key", "ours.pem"], "an HTML page"),
    (["sign", "f.bin", "--version", "1.0", "--key", "ours.pem"], "not a semantic version"),
    (["sign", "f.bin", "--version", "1.1.0", "--key", "ours.pub"], "is no private key"),
    (["sign", "app.tar", "--version", "1.2.0", "--key", "ours.pem"], "is version 1.1.0, not 1.2.0"),
    (["keys", "new", "ours", "--dir", "."], "is there already"),
    (["build", "app", "--version", "one", "--out", "x"], "not a semantic version"),
    (["build", "app", "--version", "1.0.0", "--main", "page.html", "--out", "x"], "page.html, line 1: SyntaxError"),
])
def test_the_commands_say_what_is_wrong(release, words, told):
    folder = release.parent
    save(folder / "page.html", b"<html>")
    save(folder / "list.json", b"[1]")
    save(folder / "app.tar", app())
    places = [folder / word if "." in word and not word[0].isdigit() else word for word in words]
    done = tools(*places)
    assert done.returncode == 1
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "PRIVATE" not in done.stdout + done.stderr
    assert not (folder / "none.bin.json").exists()


def test_build_still_makes_modules_and_takes_the_version_from_the_source(tmp_path):
    assert tools("build", "mpy", "--out", tmp_path / "lib").returncode == 0
    assert (tmp_path / "lib" / "xyte" / "agent.mpy").exists()
    done = tools("build", "firmware", "--out", tmp_path / "f.bin")
    assert done.returncode == 0 and "firmware 1." in done.stdout
    assert HELP in " ".join(tools("build", "--help").stdout.split())
