"""One steady telemetry, from message to answer, leaves nothing on the heap and runs with the heap locked."""

from test_heap import check

from xyte.core.settings_rules import read
from xyte.services import telemetry
from xyte.services.cloud import Cloud
from xyte.services.http import Session

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n{"success":true,"command":false}'
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"success":true,"command":false}\r\n0\r\n\r\n'


def same(ms):
    return ms


class Clock:
    """Time stands still at 0."""

    after_ms = left_ms = staticmethod(same)


class Stream:
    """Takes everything, and gives the same answer after each write, without an allocation of its own."""

    def __init__(self, answer):
        self.answer, self.at = answer, 0

    def write(self, buf, start, count):
        self.at = 0
        return count

    def readinto(self, buf, count):
        count = min(count, len(self.answer) - self.at)
        for i in range(count):
            buf[i] = self.answer[self.at + i]
        self.at += count
        return count


def exchange(answer):
    stream = Stream(answer)
    session = Session(lambda *target: stream, Clock, dict)
    cloud = Cloud(session, read({"entry_url": "http://h", "hardware_key": "k", "development_hosts": ["h"]}))
    cloud.use({"id": "d", "access_key": "k", "hub_url": "h"})
    replies = [None]

    def work():
        cloud.out.clear()
        cloud.out.write(b'{"status":"online"}')
        replies[0] = telemetry.report(cloud)

    work()
    assert replies[0] == {"command": False}
    cloud.sieve.quiet()
    check("exchange", work)
    assert replies[0] is None and session.opened == 1


def test_a_plain_answer():
    exchange(ANSWER)


def test_a_chunked_answer():
    exchange(CHUNKED)
