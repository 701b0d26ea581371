"""A file host that is overloaded or away: how long a download waits, and when it is given up."""

from fakes.chip import FakeChip
from fakes.desk import SETTINGS
from fakes.server import FakeServer, response
from xyte.core.settings_rules import read
from xyte.errors import CommandError, LinkError
from xyte.services import ranges
from xyte.services.download import Download
from xyte.services.http import Session
from xyte.state import State

FILE = bytes(range(100))
GOOD = response(206, FILE, (("Content-Range", "bytes 0-99/100"),))


class Bench:
    """says: the file host's next answers, the last one again and again. asked: milliseconds of each request."""

    def __init__(self, *says):
        self.says, self.asked, self.targets = list(says), [], []
        server = FakeServer(self.answer)
        self.chip = FakeChip("", server)
        self.state = State(self.chip, Session(server, self.chip.clock, self.chip.feed))
        self.state.settings = read(SETTINGS)
        self.download = Download("http://localhost/f", 100, 0, "", None)

    def answer(self, *request):
        self.asked.append(self.chip.clock.ms)
        self.targets.append(request[1])
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    def run(self):
        """As transfer.py does. Returns seconds since the first request."""
        while True:
            try:
                assert ranges.ask(self.state, self.download) == ""
                buf = bytearray(100)
                count = self.download.readinto(buf)
                assert buf[:count] == FILE[:count]
                break
            except LinkError as e:
                ranges.failed(self.state, self.download, e)
        return self.seconds()

    def seconds(self):
        return (self.chip.clock.ms - self.asked[0]) // 1000

    def given_up_after(self):
        try:
            self.run()
        except CommandError as e:
            assert "failed at byte 0" in str(e)
            return self.seconds()
        raise AssertionError("it went well")


def test_the_pause_that_a_file_host_asks_for_is_kept():
    for status in (429, 503):
        busy = response(status, b"", (("Retry-After", "90"),))
        assert 90 <= Bench(busy, GOOD).run() <= 92
    assert Bench(response(500), GOOD).run() < 3, "none was asked for"
    long = response(503, b"", (("Retry-After", "86400"),))
    b = Bench(long, GOOD)
    assert 240 <= b.run() <= 242, "nor is a day believed"
    assert b.chip.hungry_ms <= 1000, "the watchdog is fed meanwhile"
    assert Bench(long, response(500), GOOD).run() < 245, "it was asked for once"


def test_an_outage_of_five_minutes_is_waited_for():
    for down in (response(503), b"", None):
        b = Bench(down)
        real = b.answer
        b.state.http._connect.answer = lambda *request: (
            GOOD if b.asked and b.chip.clock.ms - b.asked[0] > 300000 else real(*request)  # noqa: B023
        )
        assert 300 <= b.run() < 400


def test_one_that_does_not_end_fails_the_update():
    assert 300 <= Bench(response(503)).given_up_after() < 400
    assert 300 <= Bench(response(503, b"", (("Retry-After", "600"),))).given_up_after() < 560
    b = Bench(response(404))
    try:
        b.run()
    except CommandError:
        assert b.seconds() == 0
        return
    raise AssertionError("no such file")


def test_where_a_redirect_leads():
    for location, target in (
        ("/g?from=https://a.test/f", "/g?from=https://a.test/f"), ("g?from=https://a.test/f", "/g?from=https://a.test/f"),
        ("//localhost/g", "/g"), ("HTTP://localhost/g?u=//a.test", "/g?u=//a.test"),
    ):  # fmt: skip
        b = Bench(response(302, b"", (("Location", location),)), GOOD)
        b.run()
        assert b.targets == ["/f", target], location


def test_a_redirect_to_nowhere_is_named():
    for fields in ((), (("Location", ""),), (("Location", "/" + "x" * 3000),)):
        b = Bench(response(302, b"", fields))
        try:
            b.run()
        except CommandError as e:
            assert "answered 302" in str(e) and b.targets == ["/f"], str(e)
        else:
            raise AssertionError("it went somewhere")


def test_a_slow_host_without_ranges_has_a_minute_for_each_64_kib():
    answer = response(200, bytes(100000))  # once: the heap of the 32-bit interpreter is small
    for piece_ms, comes in ((750, True), (2000, False)):
        b = Bench(answer)
        server, clock = b.state.http._connect, b.chip.clock
        server.piece = 1000
        server.clock = type("Slow", (), {"sleep_ms": lambda self, ms: clock.sleep_ms(piece_ms)})()  # noqa: B023
        b.download.size = b.download.left = 100000
        assert ranges.ask(b.state, b.download) == ""
        buf, came = bytearray(4096), 0
        try:
            while b.download.at != 100000:
                came += b.download.readinto(buf)
        except LinkError as e:
            assert not comes and "timed out" in str(e) and 0 < came < 65536
        else:
            assert comes and b.seconds() > 70
