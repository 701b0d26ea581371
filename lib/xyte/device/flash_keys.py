"""NVS as a small key-value store of bytes. Atomic per key: a power cut leaves the old value or the new one."""

from errno import ENOENT

from xyte.errors import StoreError

_NOT_FOUND = -4354  # ESP_ERR_NVS_NOT_FOUND
_LONGEST = 4000


class FlashKeys:
    """nvs: esp32.NVS, opened."""

    def __init__(self, nvs):
        self._nvs = nvs

    def get(self, key):
        """The bytes kept under key (at most 15 characters), or None. Raises StoreError when NVS cannot be read."""
        for size in (320, 640, 1280, _LONGEST):  # there is no way to ask for the length
            buf = bytearray(size)
            try:
                return bytes(memoryview(buf)[: self._nvs.get_blob(key, buf)])
            except OSError as e:
                if e.errno in (_NOT_FOUND, ENOENT):
                    return None
                if size == _LONGEST:
                    raise StoreError("NVS read %s: %r" % (key, e))

    def set(self, key, value):
        """Keep value (bytes, up to 4000). An equal value costs no write. Raises StoreError."""
        if len(value) > _LONGEST:  # NVS would take it, and nothing here could read it again
            raise StoreError("too long for NVS: " + key)
        self._write(self._nvs.set_blob, key, value)

    def get_int(self, key):
        """The whole number kept under key, 0 when there is none."""
        try:
            return self._nvs.get_i32(key)
        except OSError:
            return 0

    def set_int(self, key, value):
        """Keep a whole number of 32 bits, in one write. Raises StoreError."""
        self._write(self._nvs.set_i32, key, value)

    def erase(self, key):
        """Forget key; absent is fine. Raises StoreError."""
        self._write(self._nvs.erase_key, key)

    def _write(self, change, key, *value):
        try:
            change(key, *value)
            self._nvs.commit()
        except OSError as e:
            if value or e.errno not in (_NOT_FOUND, ENOENT):
                raise StoreError("NVS write %s: %r" % (key, e))
