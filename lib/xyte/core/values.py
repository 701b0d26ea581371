"""Which values the cloud takes as telemetry: 32-bit integers and floats, booleans, strings to 1000 bytes.

Source: the device API's Send Telemetry page.
"""

from micropython import const

_MAX_TEXT_BYTES = const(1000)
_MIN_INT, _MAX_INT = -0x80000000, 0x7FFFFFFF  # ready made: on the chip these are objects on the heap
_MIN_FLOAT, _MAX_FLOAT = -3.4028235e38, 3.4028235e38


def check(value):
    """Raises ValueError, in words for an operator, when the cloud would not take this value. None removes a key."""
    if value is None or value is True or value is False:
        return
    if isinstance(value, int):
        if not _MIN_INT <= value <= _MAX_INT:
            raise ValueError("%d does not fit 32 bits" % value)
    elif isinstance(value, float):
        if value != value:  # noqa: PLR0124 - only NaN
            raise ValueError("not a number")
        if not _MIN_FLOAT <= value <= _MAX_FLOAT:
            raise ValueError("%s does not fit a 32-bit float" % value)
    elif isinstance(value, str):
        if len(value) > _MAX_TEXT_BYTES // 4 and len(value.encode()) > _MAX_TEXT_BYTES:
            raise ValueError("text over 1000 bytes")
    else:
        raise ValueError("a %s is not a telemetry value" % type(value).__name__)  # noqa: TRY004 - one kind to catch


def clip(text, limit=_MAX_TEXT_BYTES):
    """The text cut to at most `limit` bytes of UTF-8, on a character boundary."""
    data = text.encode()
    if len(data) <= limit:
        return text
    while limit and data[limit] & 0xC0 == 0x80:  # never inside a character
        limit -= 1
    return data[:limit].decode()
