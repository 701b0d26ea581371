"""The identity survives whatever happens to one of its two copies."""

from fakes.chip import FakeKeys
from places import empty_folder
from xyte.errors import StoreError
from xyte.services import files
from xyte.services.vault import Vault

A = {"id": "a", "access_key": "key-a", "hub_url": "", "hub_url_static_cert": ""}
B = {"id": "b", "access_key": "key-b", "hub_url": "", "hub_url_static_cert": ""}
NO_FOLDER = "/nonexistent/nowhere"


def kept(*steps, keys=None, root=None):
    """A vault after these steps, with its two stores."""
    keys, root = keys or FakeKeys(), root or empty_folder("vault")
    vault = Vault(keys, root)
    for step in steps:
        vault.keep(step) if isinstance(step, dict) else getattr(vault, step)()
    return vault, keys, root


def loaded(keys, root):
    vault = Vault(keys, root)
    vault.load()
    return vault.current, vault.parked


def test_empty_stores():
    assert loaded(FakeKeys(), empty_folder("vault")) == (None, None)


def test_either_copy_is_enough_and_mends_the_other():
    _vault, keys, root = kept(A)
    data = keys.values["identity"]
    assert files.read(root + "/identity") == data
    del keys.values["identity"]
    assert loaded(keys, root) == (A, None) and keys.values["identity"] == data
    files.remove(root + "/identity")
    assert loaded(keys, root) == (A, None) and files.read(root + "/identity") == data


def test_a_copy_torn_at_any_byte():
    _vault, keys, root = kept(A)
    data = keys.values["identity"]
    for length in range(len(data)):
        keys.values["identity"] = data[:length]
        assert loaded(keys, root) == (A, None) and keys.values["identity"] == data
    for length in range(0, len(data), 9):
        files.write(root + "/identity", data[:length])
        assert loaded(keys, root) == (A, None) and files.read(root + "/identity") == data


def test_both_torn_is_no_identity_and_no_crash():
    _vault, keys, root = kept(A)
    keys.values["identity"] = keys.values["identity"][:-1]
    files.write(root + "/identity", b"\xff" * 200)
    assert loaded(keys, root) == (None, None)


def test_a_file_left_beside_its_place_is_a_copy():
    _vault, keys, root = kept("probe", A)
    data = keys.values.pop("identity")
    files.remove(root + "/identity")
    files.begin(root + "/identity", data)
    assert loaded(keys, root) == (A, None)
    assert keys.values["identity"] == files.read(root + "/identity") == data and files.begun(root + "/identity") is None


def test_the_newer_copy_wins():
    vault, keys, root = kept(A)
    old = keys.values["identity"]
    vault.keep(B)
    new = keys.values["identity"]
    keys.values["identity"] = old
    assert loaded(keys, root) == (B, None) and keys.values["identity"] == new
    files.write(root + "/identity", old)
    assert loaded(keys, root) == (B, None) and files.read(root + "/identity") == new


def test_park_and_keep():
    vault, keys, root = kept(A, "park")
    assert (vault.current, vault.parked) == (None, A) == loaded(keys, root)
    vault.keep(vault.parked)
    assert (vault.current, vault.parked) == (A, None) == loaded(keys, root)
    vault.park()
    vault.keep(B)
    assert (vault.current, vault.parked) == (B, None) == loaded(keys, root)


def test_one_dead_store_is_survived():
    keys = FakeKeys()
    keys.broken = True
    _, keys, root = kept(A, keys=keys)
    assert loaded(keys, root) == (A, None)
    keys.broken = False
    assert loaded(keys, root) == (A, None) and keys.values["identity"]
    _vault, keys, _ = kept(A, root=NO_FOLDER)
    assert loaded(keys, NO_FOLDER) == (A, None)
    keys.unreadable = True
    assert loaded(keys, NO_FOLDER) == (None, None)


def test_both_dead_is_said_and_the_identity_stays_in_use():
    keys = FakeKeys()
    keys.broken = True
    vault = Vault(keys, NO_FOLDER)
    try:
        vault.keep(A)
    except StoreError:
        assert vault.current == A
    else:
        raise AssertionError("kept nowhere, and nobody was told")


def test_probe():
    _vault, keys, root = kept("probe")
    assert keys.values == {} and loaded(keys, root) == (None, None)
    broken = FakeKeys()
    broken.broken = True
    for keys, root in ((broken, empty_folder("vault")), (FakeKeys(), NO_FOLDER)):
        try:
            Vault(keys, root).probe()
        except StoreError:
            continue
        raise AssertionError("a dead store passed")


def test_a_store_that_forgets_fails_the_probe():
    class Forgetful(FakeKeys):
        def set(self, key, value):
            FakeKeys.set(self, key, value[:-1])

    try:
        Vault(Forgetful(), empty_folder("vault")).probe()
    except StoreError:
        return
    raise AssertionError("a forgetful store passed")
