"""NVS: format, values, limits, and a power cut in every operation."""

import pytest
from board_lab import new_flash
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.board import esp_err
from tools.board.esp_err import EspError, PowerCut
from tools.board.flash import Flash
from tools.board.nvs.storage import Storage

SIZE = 0x4000
KEYS = st.sampled_from(["id", "n", "conf"])
VALUES = st.one_of(st.integers(-(2**31), 2**31 - 1),
                   st.builds(lambda size, fill: bytes([fill]) * size,
                             st.sampled_from([0, 1, 31, 32, 33, 200, 1500, 4100]), st.integers(0, 255)))
STEPS = st.lists(st.tuples(KEYS, st.one_of(VALUES, st.none())), min_size=1, max_size=25)


def mount(flash):
    return Storage(flash, 0, SIZE)


def contents(storage):
    return {key: value for _, key, value in storage.contents()}


def apply(storage, namespace, key, value):
    """One step; None erases. A key that is absent may be erased, too: that must fail and change nothing."""
    if value is None:
        try:
            storage.erase_key(namespace, key)
        except EspError as error:
            assert error.code == esp_err.NVS_NOT_FOUND
    elif isinstance(value, int):
        storage.set_i32(namespace, key, value)
    else:
        storage.set_blob(namespace, key, value)


def after(model, key, value):
    changed = {**model, key: value}
    return {k: v for k, v in changed.items() if v is not None}


def code_of(call, *args):
    with pytest.raises(EspError) as caught:
        call(*args)
    return caught.value.code


def test_values_survive_a_remount(tmp_path):
    flash = new_flash(tmp_path)
    storage = mount(flash)
    namespace = storage.open("xyte")
    storage.set_i32(namespace, "n", -7)
    storage.set_blob(namespace, "id", b"secret" * 30)
    again = mount(flash)
    assert again.open("xyte") == namespace
    assert again.get_i32(namespace, "n") == -7
    assert again.get_blob(namespace, "id") == b"secret" * 30
    assert sorted(again.contents()) == [("xyte", "id", b"secret" * 30), ("xyte", "n", -7)]


def test_bytes_are_those_of_esp_idfs_generator(tmp_path):
    """First page of `esp_idf_nvs_partition_gen generate` for: namespace xyte, count i32 -7."""
    flash = new_flash(tmp_path)
    storage = mount(flash)
    storage.set_i32(storage.open("xyte"), "count", -7)
    assert flash.read(0, 128).hex() == GENERATED


GENERATED = (
    "feffffff00000000feffffffffffffffffffffffffffffffffffffff842dbab9"
    "faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "000101ffd012fa757879746500000000000000000000000001ffffffffffffff"
    "011401ffca7a53d8636f756e740000000000000000000000f9ffffffffffffff"
)


def test_equal_value_costs_no_operation(tmp_path):
    flash = new_flash(tmp_path)
    storage = mount(flash)
    namespace = storage.open("xyte")
    storage.set_i32(namespace, "n", 1)
    storage.set_blob(namespace, "id", b"x" * 100)
    before = flash.operations
    storage.set_i32(namespace, "n", 1)
    storage.set_blob(namespace, "id", b"x" * 100)
    assert flash.operations == before


def test_errors(tmp_path):
    storage = mount(new_flash(tmp_path))
    namespace = storage.open("xyte")
    storage.set_i32(namespace, "n", 1)
    assert code_of(storage.get_i32, namespace, "none") == esp_err.NVS_NOT_FOUND
    assert code_of(storage.get_blob, namespace, "n") == esp_err.NVS_NOT_FOUND
    assert code_of(storage.erase_key, namespace, "none") == esp_err.NVS_NOT_FOUND
    assert code_of(storage.set_i32, namespace, "k" * 16, 1) == esp_err.NVS_KEY_TOO_LONG
    assert code_of(storage.open, "n" * 16) == esp_err.NVS_KEY_TOO_LONG
    assert code_of(storage.set_blob, namespace, "big", bytes(12001)) == esp_err.NVS_VALUE_TOO_LONG
    assert contents(storage) == {"n": 1}


def test_full_store_keeps_what_it_has(tmp_path):
    flash = new_flash(tmp_path)
    storage = mount(flash)
    namespace = storage.open("xyte")
    model = {}
    with pytest.raises(EspError) as caught:
        for i in range(100):
            storage.set_blob(namespace, f"key{i}", bytes([i]) * 900)
            model[f"key{i}"] = bytes([i]) * 900
    assert caught.value.code == esp_err.NVS_NOT_ENOUGH_SPACE
    assert len(model) >= 10
    assert contents(storage) == contents(mount(flash)) == model


def test_key_may_change_its_type(tmp_path):
    flash = new_flash(tmp_path)
    storage = mount(flash)
    namespace = storage.open("xyte")
    for value in (1, b"blob", 2, b"other"):
        apply(storage, namespace, "k", value)
        assert contents(storage) == contents(mount(flash)) == {"k": value}


def test_wear(tmp_path):
    """About one erase in 126 writes, in turn. The page with the namespace's name is the fullest and stays."""
    flash = new_flash(tmp_path)
    storage = mount(flash)
    namespace = storage.open("xyte")
    for i in range(3000):
        storage.set_i32(namespace, "n", i)
    assert set(flash.erases) == {1, 2, 3}
    assert max(flash.erases.values()) - min(flash.erases.values()) <= 1
    assert sum(flash.erases.values()) <= 3000 / 120


def test_unreadable_page_is_taken_into_use_again(tmp_path):
    flash = new_flash(tmp_path)
    flash.program(0, b"\x00rubbish")
    storage = mount(flash)
    storage.set_i32(storage.open("xyte"), "n", 5)
    assert contents(mount(flash)) == {"n": 5}


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_any_steps_give_what_a_dict_gives(tmp_path_factory, steps):
    flash = new_flash(tmp_path_factory.mktemp("nvs"))
    storage = mount(flash)
    namespace = storage.open("xyte")
    model = {}
    for key, value in steps:
        try:
            apply(storage, namespace, key, value)
            model = after(model, key, value)
        except EspError as error:
            assert error.code == esp_err.NVS_NOT_ENOUGH_SPACE
        assert contents(storage) == model
    assert contents(mount(flash)) == model


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_cut_in_every_operation_leaves_old_or_new(tmp_path_factory, steps, seed):
    folder = tmp_path_factory.mktemp("nvs")
    operations = play(new_flash(folder), steps)[0]
    for cut in range(1, operations + 1):
        _, before, during = play(new_flash(folder, cut_after=cut, seed=seed), steps)
        found = contents(mount(Flash(folder / "flash.bin")))
        assert found in (before, during), f"cut in operation {cut} of {operations}"
        assert contents(mount(Flash(folder / "flash.bin"))) == found


def play(flash, steps):
    """Returns operations, the model before the step that was cut, and the model with it."""
    before = during = {}
    try:
        storage = mount(flash)
        namespace = storage.open("xyte")
        for key, value in steps:
            during = after(before, key, value)
            try:
                apply(storage, namespace, key, value)
            except EspError:
                during = before
            before = during
    except PowerCut:
        pass
    return flash.operations, before, during
