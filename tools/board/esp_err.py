"""ESP-IDF's error codes, and the exceptions with which the chip's services end.

Codes: `esp_err.h`, `nvs.h`, `esp_ota_ops.h` of ESP-IDF 5.5. MicroPython turns a code into
``OSError(-code, "ESP_ERR_…")``, see `check_esp_err_` in `ports/esp32/mphalport.c`.
"""

FAIL = -1
INVALID_ARG = 0x102
INVALID_SIZE = 0x104
NOT_FOUND = 0x105
NVS_NOT_FOUND = 0x1102
NVS_NOT_ENOUGH_SPACE = 0x1105
NVS_KEY_TOO_LONG = 0x1109
NVS_INVALID_LENGTH = 0x110C
NVS_NO_FREE_PAGES = 0x110D
NVS_VALUE_TOO_LONG = 0x110E
NVS_NEW_VERSION_FOUND = 0x1110
OTA_VALIDATE_FAILED = 0x1503

NAMES = {
    code: ("ESP_" if name == "FAIL" else "ESP_ERR_") + name
    for name, code in list(globals().items()) if name.isupper()
}


class EspError(Exception):
    """An ESP-IDF call returned `code`. The board's code sees it as an OSError."""

    def __init__(self, code: int):
        super().__init__(NAMES[code])
        self.code = code


class PowerCut(Exception):
    """The supply failed in the middle of a flash operation, whose torn effect is on flash."""


class Panic(Exception):
    """The chip aborted (ESP-IDF's `abort()`): it resets, and the cause reads HARD_RESET."""
