"""Sensors, and the message made of them."""

import json
from asyncio import CancelledError

from fakes.chip import FakeClock
from fakes.server import written
from xyte import log
from xyte.core.values import JsonBuffer
from xyte.services.telemetry import Sensor, Telemetry


class Wordless(Exception):
    def __str__(self):
        raise ValueError("no words")


class Bench:
    """A Telemetry with sensors whose values the test sets; `send` composes and accepts one message."""

    def __init__(self, size=512):
        self.clock = FakeClock()
        self.telemetry = Telemetry(self.clock)
        self.out = JsonBuffer(bytearray(size))
        self.values, self.reads = {}, {}

    def add(self, name, value, every_ms=0, deadband=None):
        self.values[name], self.reads[name] = value, 0

        def read():
            self.reads[name] += 1
            if isinstance(self.values[name], Exception):
                raise self.values[name]
            return self.values[name]

        self.telemetry.add(Sensor(name, read, every_ms, deadband))

    def compose(self, timestamp=False):
        self.telemetry.read(self.clock.ticks_ms(), True)
        self.telemetry.compose(self.out, timestamp)
        return json.loads(written(self.out))

    def send(self, timestamp=False):
        message = self.compose(timestamp)
        self.telemetry.accepted()
        return message


def test_the_first_message_overrides_and_says_all():
    b = Bench()
    b.add("t", 21.5, deadband=1)
    b.add("on", True, deadband=0)
    b.add("gone", None)
    first = {"status": "online", "override": True, "telemetries": {"t": 21.5, "on": True, "gone": None}}
    assert b.compose() == first
    assert b.compose() == first, "not accepted: the next one says it all again"
    b.telemetry.accepted()
    assert b.send() == {"status": "online", "telemetries": {"gone": None}}


def test_deadband():
    b = Bench()
    b.add("t", 20, deadband=2)
    b.send()
    for value, sent in ((21, False), (22, False), (18, False), (22.5, True), (21, False), (20.5, False), (20.4, True)):
        b.values["t"] = value
        assert ("t" in b.send()["telemetries"]) is sent, value


def test_deadband_0_is_news_only():
    b = Bench()
    for name, values in (("s", "aab"), ("b", (True, True, False)), ("m", (1, "1", None)), ("n", (None, None, 3))):
        b = Bench()
        b.add(name, values[0], deadband=0)
        b.send()
        told = []
        for value in values[1:]:
            b.values[name] = value
            told.append(name in b.send()["telemetries"])
        assert told == [values[i] != values[i - 1] for i in (1, 2)], name


def test_a_value_not_accepted_is_still_news():
    b = Bench()
    b.add("t", 1, deadband=0)
    b.send()
    b.values["t"] = 2
    assert b.compose()["telemetries"] == {"t": 2}
    assert b.send()["telemetries"] == {"t": 2}
    assert b.send()["telemetries"] == {}


def test_periods():
    b = Bench()
    b.add("slow", 1, every_ms=10000)
    b.add("each", 1)
    b.send()
    for _ in range(25):
        b.clock.sleep_ms(1000)
        b.telemetry.read(b.clock.ticks_ms())
    assert b.reads == {"slow": 3, "each": 1}, "one without a period is read for messages only"
    b.send()
    assert b.reads == {"slow": 3, "each": 2}
    b.telemetry.read_all = True
    b.send()
    b.send()
    assert b.reads == {"slow": 4, "each": 4}


def test_next_read():
    b = Bench()
    b.add("each", 1)
    b.add("slow", 1, every_ms=10000)
    now = b.clock.ticks_ms()
    b.send()
    for passed, left in ((0, 1000), (9500, 500), (10000, 0), (12000, 0)):
        assert b.telemetry.next_read_ms(b.clock.ticks_add(now, passed), 1000) == left


def test_days_without_a_read_are_not_taken_for_a_fresh_one():
    b = Bench()
    b.add("slow", 1, every_ms=10000)
    b.send()
    b.clock.sleep_ms(7 * 86400 * 1000)
    b.telemetry.read(b.clock.ticks_ms())
    assert b.reads["slow"] == 2


def test_a_failing_sensor_is_an_error_with_a_message():
    b = Bench()
    b.add("good", 1)
    b.add("bad", OSError(5))
    b.add("nan", float("nan"))
    b.add("big", 2**31)
    b.add("odd", [1])
    b.add("long", "x" * 1001)
    message = b.send()
    assert message["status"] == "error" and message["telemetries"] == {"good": 1}
    for word in ("bad: OSError", "nan: ValueError", "big: ", "odd: ", "long: "):
        assert word in message["message"], message["message"]
    for name in ("bad", "nan", "big", "odd", "long"):
        b.values[name] = 2
    assert b.send() == {
        "status": "online",
        "telemetries": {"good": 1, "bad": 2, "nan": 2, "big": 2, "odd": 2, "long": 2},
    }


def test_whatever_a_sensor_raises_is_its_failure():
    b, raised = Bench(), []
    b.add("good", 1)

    def bad():
        raise raised[0]

    b.telemetry.add(Sensor("bad", bad))
    for error, words in (
        (SystemExit(), "bad: SystemExit"),
        (CancelledError(), "bad: CancelledError"),
        (Wordless(), "bad: Wordless"),
        (MemoryError(), "bad: MemoryError"),
        (ValueError("x" * 20000), "bad: ValueError " + "x" * 200),
    ):
        raised[:] = (error,)
        message = b.send()
        assert (message["message"], message["telemetries"]) == (words, {"good": 1}), message
        assert len(log.recent[-1]) <= 200 and log.recent[-1] == words[:200]
    raised[:] = (KeyboardInterrupt(),)
    try:
        b.compose()
    except KeyboardInterrupt:
        return
    raise AssertionError("Ctrl-C is no failure of a sensor")


def test_an_old_value_is_not_told_for_a_failing_sensor():
    b = Bench()
    b.add("t", 5)
    b.send()
    b.values["t"] = ValueError("no probe")
    assert b.send() == {"status": "error", "message": "t: ValueError no probe", "telemetries": {}}


def test_a_standing_fault():
    b = Bench()
    b.telemetry.message = "safe mode"
    b.add("bad", ValueError())
    assert b.send()["message"] == "safe mode; bad: ValueError"


def test_timestamp():
    b = Bench()
    b.clock.set_s(86400)
    assert b.send(True)["timestamp"] == "2000-01-02T00:00:00Z"
    assert "timestamp" not in b.send()


def test_a_sensor_without_room_is_left_out_and_told_later():
    b = Bench(200)
    b.add("a", 1, deadband=0)
    b.add("t", "x" * 300, deadband=0)
    b.add("z", 2, deadband=0)
    log.recent.clear()
    assert b.send() == {"status": "online", "override": True, "telemetries": {"a": 1, "z": 2}}
    assert b.send()["telemetries"] == {}
    b.values["z"] = 3
    assert b.send()["telemetries"] == {"z": 3}
    assert log.recent == ["no room for t: give Agent a larger buffer_bytes"], "named once"
    b.values["t"] = "short"
    assert b.send() == {"status": "online", "telemetries": {"t": "short"}}
    assert b.send()["telemetries"] == {}


def test_what_an_override_leaves_out_is_news_again():
    b = Bench(200)
    b.add("a", "y" * 60, deadband=0)
    b.add("t", "x" * 60, deadband=0)
    b.add("bad", 5, deadband=1)
    b.send()
    b.telemetry.override = True
    b.values["a"], b.values["bad"] = "y" * 100, ValueError()
    assert list(b.send()["telemetries"]) == ["a"]
    b.values["bad"] = 5
    assert b.send()["telemetries"] == {"t": "x" * 60, "bad": 5}, "the cloud has forgotten them"


def test_every_size_of_buffer_carries_what_fits():
    for size in range(110, 240):
        b = Bench(size)
        for name in "abc":
            b.add(name, "v" * 40)
        assert sorted(b.send()["telemetries"]) == list("abc")[: (size - 51) // 47], size


def test_no_room_for_the_fault_leaves_the_device_visible_and_forgets_nothing():
    b = Bench(200)
    b.add("a", 1, deadband=0)
    b.telemetry.message = "\x01" * 100
    message = b.send()
    assert message["status"] == "error" and "buffer_bytes" in message["message"]
    b.telemetry.message = ""
    assert b.send() == {"status": "online", "override": True, "telemetries": {"a": 1}}
    assert b.send() == {"status": "online", "telemetries": {}}


def test_many_failures_leave_room_for_values():
    b = Bench(1536)
    for i in range(30):
        b.add("bad%d" % i, ValueError("x" * 300))
    b.add("good", 1)
    message = b.send()
    assert message["telemetries"] == {"good": 1} and len(message["message"]) <= 1000, message
    assert len(b.telemetry._failure()) < 1300, "the rest is not even put together"


def test_names():
    b = Bench()
    b.add('a "quoted" \u00e9', 1)
    assert b.send()["telemetries"] == {'a "quoted" \u00e9': 1}
    for name in ("", "status", 5, None, 'a "quoted" \u00e9'):
        try:
            b.telemetry.add(Sensor(name, None))
        except ValueError:
            continue
        raise AssertionError(name)
