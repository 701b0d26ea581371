"""`esp32.NVS`: values, limits, error codes and their texts, in a namespace of its own.

Sources: MicroPython ports/esp32/esp32_nvs.c; ESP-IDF components/nvs_flash (nvs.h, nvs_storage.cpp, nvs_page.cpp).
"""

from esp32 import NVS

NOT_FOUND = ("OSError", -4354, "ESP_ERR_NVS_NOT_FOUND")
KEY_TOO_LONG = ("OSError", -4361, "ESP_ERR_NVS_KEY_TOO_LONG")
INVALID_LENGTH = ("OSError", -4364, "ESP_ERR_NVS_INVALID_LENGTH")
NOT_ENOUGH_SPACE = ("OSError", -4357, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")
VALUE_TOO_LONG = ("OSError", -4366, "ESP_ERR_NVS_VALUE_TOO_LONG")
OURS = ("n", "b", "k" * 15, "big")


def clean(store):
    for key in OURS:
        try:
            store.erase_key(key)
        except OSError:
            pass
    store.commit()


def numbers(store):
    check("a key that is missing", raised(store.get_i32, "n"), NOT_FOUND)
    for value in (0, -1, 0x7FFFFFFF, -0x7FFFFFFF):
        store.set_i32("n", value)
        check("number %d" % value, store.get_i32("n"), value)
    check("a number of 33 bits", kind(store.set_i32, "n", 1 << 32), "OverflowError")
    check("the least number of 32 bits", kind(store.set_i32, "n", -0x80000000), "OverflowError")  # py/mpz.c
    check("a text for a number", kind(store.set_i32, "n", "1"), "TypeError")
    store.commit()
    check("another handle sees it", NVS("xyte-test").get_i32("n"), -0x7FFFFFFF)
    check("another namespace does not", raised(NVS("xyte-test2").get_i32, "n"), NOT_FOUND)
    check("a number is no blob", raised(store.get_blob, "n", bytearray(4)), NOT_FOUND)
    store.erase_key("n")
    check("erased is gone", raised(store.get_i32, "n"), NOT_FOUND)
    check("erasing what is gone", raised(store.erase_key, "n"), NOT_FOUND)


def keys(store):
    store.set_i32("k" * 15, 7)
    check("a key of 15", store.get_i32("k" * 15), 7)
    # Of another beginning: a longer key whose first 15 are a key that is there may be taken for that one.
    check("a key of 16", raised(store.set_i32, "l" * 16, 7), KEY_TOO_LONG)
    check("a namespace of 16", raised(NVS, "n" * 16), KEY_TOO_LONG)


def blobs(store):
    small, exact, large = bytearray(7), bytearray(8), bytearray(b"\xee" * 12)
    check("a blob that is missing", raised(store.get_blob, "b", exact), NOT_FOUND)
    store.set_blob("b", b"12345678")
    check("its length", (store.get_blob("b", exact), exact), (8, b"12345678"))
    check("into a larger buffer", (store.get_blob("b", large), large), (8, b"12345678\xee\xee\xee\xee"))
    check("into one too small", raised(store.get_blob, "b", small), INVALID_LENGTH)
    check("into bytes", kind(store.get_blob, "b", b"12345678"), "TypeError")
    store.set_blob("b", memoryview(b"xx1234xx")[2:6])
    check("replaced by a memoryview", (store.get_blob("b", exact), exact[:4]), (4, b"1234"))
    data = bytes(range(256)) * 6  # what the agent keeps is smaller
    store.set_blob("big", data)
    back = bytearray(len(data))
    check("a blob of 1536 bytes", (store.get_blob("big", back), back == data), (1536, True))
    try:
        whole = bytes(40000)
    except MemoryError:
        skip("a blob larger than the partition", "no such piece of heap")
        return
    got = raised(store.set_blob, "huge", whole)
    del whole
    holds("a blob larger than the partition", got in (VALUE_TOO_LONG, NOT_ENOUGH_SPACE), got)
    info("a blob larger than the partition", got)
    check("and nothing of it is left", raised(store.get_blob, "huge", exact), NOT_FOUND)


def main():
    store = NVS("xyte-test")
    clean(store)
    try:
        numbers(store)
        keys(store)
        blobs(store)
        check("commit answers nothing", store.commit(), None)
    finally:
        clean(store)


main()
