"""NVS as the agent uses it: nothing is written that could not be read again."""

from xyte.device.flash_keys import FlashKeys
from xyte.errors import StoreError


class Nvs:
    """Takes blobs of any length, as the chip's does up to what a partition holds."""

    def __init__(self):
        self.blobs = {}

    def set_blob(self, key, value):
        self.blobs[key] = bytes(value)

    def get_blob(self, key, buf):
        value = self.blobs[key]
        if len(value) > len(buf):
            raise OSError(-4364, "ESP_ERR_NVS_INVALID_LENGTH")
        buf[: len(value)] = value
        return len(value)

    def commit(self):
        pass


def test_what_is_too_long_to_be_read_is_not_written():
    """An update's record with a URL of 4 KB was, and every start after it ended there."""
    keys = FlashKeys(Nvs())
    for length in (0, 1, 320, 321, 1281, 4000):
        keys.set("update", b"x" * length)
        assert len(keys.get("update")) == length
    try:
        keys.set("update", bytes(4001))
    except StoreError:
        assert keys.get("update") == b"x" * 4000
        return
    raise AssertionError("it cannot be read")
