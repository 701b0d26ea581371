"""Host and board read the update formats each in its own way: here both must mean the same."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from update_lab import app, fields, firmware, key, public

from tools.semver import precedence
from tools.update import form, payload, signing
from tools.update.describe import describe
from xyte.core import app_image, signature, tar, update_wish
from xyte.services import update_signature

VERSIONS = ["0.9.0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-a", "1.0.0-a.1", "1.0.0", "1.0.1", "1.10.0"]


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=60).filter(
    lambda path: all(path.split("/"))), st.binary(max_size=700), max_size=4))
def test_a_board_makes_the_same_tar_from_its_files(files):
    made = b"".join(
        bytes(tar.header(path, len(files[path]))) + files[path] + bytes(tar.padding(len(files[path])))
        for path in sorted(files)
    )
    assert made + bytes(tar.BLOCK * tar.END_BLOCKS) == payload.tar(files)


def believed(text, mark, modulus):
    """Does the board take this signature for one over the text?"""
    try:
        return signature.opened(mark, modulus) == sha256(text.encode()).digest()
    except ValueError:
        return False


@pytest.mark.parametrize("data, chip", [(app(), "any"), (firmware(), "esp32"), (firmware(chip_id=9), "esp32s3")])
def test_a_board_believes_what_sign_signed(data, chip):
    written = fields(data)
    wanted = update_wish.wanted({"url": "https://files.test/1", **written}, "1.0.0", "1.0.0")
    assert (wanted["size"], wanted["sha256"], wanted["kind"]) == (len(data), describe(data).sha256, describe(data).kind)
    text = update_signature.signed_text(wanted, chip)
    assert text.encode() == signing.signed_text(form.checksum(describe(data)), "1.1.0", chip)
    ours, theirs = (signature.modulus(signing.public_text(public(name).key)) for name in ("ours", "theirs"))
    assert believed(text, written["signature"], ours)
    assert not believed(text, written["signature"], theirs)
    assert not believed(text, signing.sign(key("theirs"), text.encode()), ours)
    assert not believed(text.replace("1.1.0", "1.2.0"), written["signature"], ours)


@pytest.mark.parametrize("chip_id", [0, 2, 5, 9, 12, 13, 16])
def test_chips_have_the_same_names(chip_id):
    data = firmware(chip_id=chip_id)
    assert app_image.chip_of(data[: app_image.HEAD_BYTES]) == describe(data).chip
    assert app_image.project_of(data[: app_image.HEAD_BYTES]) == describe(data).project


def test_versions_have_the_same_order():
    assert sorted(reversed(VERSIONS), key=update_wish.semver) == VERSIONS  # noqa: C414 - the order must be made
    assert sorted(reversed(VERSIONS), key=precedence) == VERSIONS  # noqa: C414
