"""Keys, signatures, the form's fields, versions."""

import base64
import hashlib
import random
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from update_lab import app, fields, firmware, key, public

from tools.semver import is_semver, precedence
from tools.update import form, signing
from tools.update.describe import describe

TEXT = b"xyte-update-1\n"


def test_the_signed_text():
    data = app()
    text = signing.signed_text(form.checksum(describe(data)), "1.1.0", "any")
    digest = hashlib.sha256(data).hexdigest()
    assert text.decode() == (
        f"xyte-update-1\nkind=application\nversion=1.1.0\nchip=any\nsize={len(data)}\nsha256={digest}\n"
    )


def test_a_signature_by_the_book():
    """RFC 8017, 8.2: the signature to the power e is the padded digest. This is all that a board computes."""
    raw = base64.b64decode(signing.sign(key("ours"), TEXT))
    numbers = key("ours").public_key().public_numbers()
    opened = pow(int.from_bytes(raw), 65537, numbers.n).to_bytes(384)
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    assert opened == b"\0\1" + b"\xff" * 330 + b"\0" + prefix + hashlib.sha256(TEXT).digest()


def test_a_signature_is_checked_with_every_key():
    signature = signing.sign(key("ours"), TEXT)
    assert "\n" not in signature and len(signature) == 512
    assert signing.check(signature, TEXT, [public("theirs"), public("ours")]).name == "ours"


@pytest.mark.parametrize("signature, text, reason", [
    (lambda: signing.sign(key("theirs"), TEXT), TEXT, "a key that the board does not have, or damaged .it has: ours"),
    (lambda: signing.sign(key("ours"), TEXT), b"other", "signed with ours, but for another file, version or chip"),
    (lambda: base64.b64encode(bytes(384)).decode(), TEXT, "does not have"),
    (lambda: base64.b64encode(b"\xff" * 384).decode(), TEXT, "does not have"),  # above the modulus
    (lambda: base64.b64encode(bytes(256)).decode(), TEXT, "256 bytes instead of 384"),
    (lambda: "not base64", TEXT, "not base64"),
    (lambda: "\u00e9" * 512, TEXT, "not base64"),
    (lambda: "", TEXT, "0 bytes instead of 384"),
])
def test_a_signature_that_does_not_hold(signature, text, reason):
    with pytest.raises(signing.SignatureRefused, match=reason):
        signing.check(signature(), text, [public("ours")])


def test_key_files(tmp_path):
    private, public_file = signing.save(key("ours"), tmp_path / "keys", "release-1")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    modulus = key("ours").public_key().public_numbers().n
    assert public_file.read_text() == f"{modulus:x}\n"
    assert len(public_file.read_text()) == 769
    assert signing.load_private(private).public_key() == key("ours").public_key()
    loaded = signing.load_public(public_file)
    assert (loaded.name, loaded.key) == ("release-1", key("ours").public_key())


def test_a_key_is_never_overwritten(tmp_path):
    before = signing.save(key("ours"), tmp_path, "a")[0].read_bytes()
    with pytest.raises(signing.KeyFileError, match="is there already"):
        signing.save(key("theirs"), tmp_path, "a")
    (tmp_path / "a.pub").unlink()
    with pytest.raises(signing.KeyFileError, match="is there already"):
        signing.save(key("theirs"), tmp_path, "a")
    assert (tmp_path / "a.pem").read_bytes() == before and not (tmp_path / "a.pub").exists()


@pytest.mark.parametrize("name", ["", "../a", ".a", "a b", "a/b"])
def test_a_name_that_is_none(tmp_path, name):
    with pytest.raises(signing.KeyFileError, match="a key's name"):
        signing.save(key("ours"), tmp_path, name)


def pem(made, password: bytes | None = None) -> bytes:
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


@pytest.mark.parametrize("content, reason", [
    (lambda: b"nothing", "no private key without password"),
    (lambda: pem(key("ours"), b"secret"), "no private key without password"),
    (lambda: pem(ec.generate_private_key(ec.SECP256R1())), "not an RSA key of 3072 bits"),
    (lambda: pem(rsa.generate_private_key(65537, 2048)), "not an RSA key of 3072 bits"),
])
def test_a_private_key_of_another_kind(tmp_path, content, reason):
    (tmp_path / "k.pem").write_bytes(content())
    with pytest.raises(signing.KeyFileError, match=reason) as caught:
        signing.load_private(tmp_path / "k.pem")
    assert "MII" not in str(caught.value)


@pytest.mark.parametrize("text", [
    "", "ab" * 383, "AB" * 384, "00" + "ab" * 383, "zz" * 384, "\u00e9", "ab" * 384 + "\n1",
])
def test_a_public_key_of_another_kind(tmp_path, text):
    (tmp_path / "k.pub").write_text(text)
    with pytest.raises(signing.KeyFileError, match="is no public key"):
        signing.load_public(tmp_path / "k.pub")


def test_key_files_that_are_not_there(tmp_path):
    for load in (signing.load_private, signing.load_public):
        with pytest.raises(signing.KeyFileError, match="No such file"):
            load(tmp_path / "k")


def test_the_form():
    made = fields(firmware())
    assert list(made) == ["file_type", "version", "checksum", "signature"]
    assert form.parse_checksum(made["checksum"]) == form.checksum(describe(firmware()))
    assert made["checksum"].endswith(f";size={len(firmware())};kind=firmware")


@pytest.mark.parametrize("text, reason", [
    (None, "no checksum"), ("", "no checksum"), ("md5:1", "not of the form"),
    (f"sha256:{'A' * 64};size=1;kind=firmware", "not of the form"),
    (f"sha256:{'a' * 64};size=1;kind=manual", "not of the form"),
    (f"sha256:{'a' * 64};size=-1;kind=firmware", "not of the form"),
])
def test_a_checksum_that_is_none(text, reason):
    with pytest.raises(form.FormError, match=reason):
        form.parse_checksum(text)


ORDER = [  # semver.org, section 11, and around it
    "0.9.9", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
    "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
]


def test_the_order_of_versions():
    assert sorted(random.Random(1).sample(ORDER, len(ORDER)), key=precedence) == ORDER
    assert precedence("1.0.0+a") == precedence("1.0.0+b")


@pytest.mark.parametrize("text", [
    "", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0\n", "1.0.0-a..b", "\uff11.0.0",
])
def test_what_is_no_version(text):
    assert not is_semver(text)
    with pytest.raises(ValueError, match="not a semantic version"):
        precedence(text)


@given(st.from_regex(r"\A[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(-[0-9a-z.]{1,6})?\Z"))
def test_any_version_can_be_compared(text):
    if is_semver(text):
        assert precedence(text) <= precedence(text.partition("-")[0])
