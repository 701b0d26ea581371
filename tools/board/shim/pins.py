"""`machine.Pin` and `machine.ADC` with nothing attached: outputs read back, inputs read their pull."""

_levels = {}


class Pin:
    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, **_):
        if not 0 <= id <= 39 or id in (20, 24, 28, 29, 30, 31):
            raise ValueError("invalid pin")
        self.id = id
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, **_):
        if value is not None:
            _levels[self.id] = int(bool(value))
        elif self.id not in _levels:
            _levels[self.id] = int(pull == Pin.PULL_UP)

    def value(self, level=None):
        if level is None:
            return _levels[self.id]
        _levels[self.id] = int(bool(level))

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3, **_):
        return None


class ADC:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3

    def __init__(self, pin, **_):
        self.pin = pin

    def read_u16(self):
        return 32768

    def read(self):
        return 2048

    def read_uv(self):
        return 1650000
