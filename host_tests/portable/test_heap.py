"""What steady work leaves on the heap: nothing. Measured on MicroPython; on CPython there is nothing to measure."""

import gc

import micropython
from fakes.server import written
from xyte.core import values
from xyte.core.values import JsonBuffer
from xyte.core.wire import Incoming
from xyte.services.telemetry import Sensor, Telemetry, write_time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nDate: x\r\nConnection: keep-alive\r\nRetry-After: 5\r\n\r\n"
VALUES = (-5, 2**30 - 1, -(2**29), True, None, 0.1, -1e-7, 3.4e38, 21.5, "text \u00e9 \"\n", {"a": [1, 2.5]})
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n"


def diff(later, earlier):
    return later - earlier


class Clock:
    ticks_diff = staticmethod(diff)

    @staticmethod
    def now_s():
        return 848000000


def left_behind(work):
    """Bytes that one more round of work leaves on the heap, after it has settled; 0 where that is not told."""
    if not hasattr(gc, "mem_alloc"):
        work()
        return 0
    for _ in range(3):
        work()
    gc.collect()
    gc.disable()
    try:
        before = gc.mem_alloc()
        work()
        return gc.mem_alloc() - before
    finally:
        gc.enable()


def locked(work):
    """Run it once more with a heap that gives nothing: any allocation raises MemoryError."""
    work()
    if not hasattr(micropython, "heap_lock"):
        return
    micropython.heap_lock()
    try:
        work()
    finally:
        micropython.heap_unlock()


def check(name, work):
    left = left_behind(work)
    assert left == 0, "%s leaves %d bytes" % (name, left)
    locked(work)


def test_encoder():
    out = JsonBuffer(bytearray(400))

    def work():
        out.clear()
        for value in VALUES:
            out.value(value)
        out.write(b"{}")

    check("encoder", work)


def test_time():
    out = JsonBuffer(bytearray(64))

    def work():
        out.clear()
        write_time(out, 848000000)

    check("time", work)


def test_values():
    def work():
        values.check(5)
        values.check(-7)
        values.check(True)
        values.check(None)
        values.check("text")
        values.check(WARM)

    check("values", work)


WARM = 21.5


def warm():
    return WARM


def one():
    return 41


def yes():
    return True


def test_a_steady_message():
    telemetry = Telemetry(Clock)
    for sensor in (
        Sensor("each", one),
        Sensor("flag", yes),
        Sensor("warm", warm),
        Sensor("name", str),
        Sensor("band", one, 0, 3),
        Sensor("warm_band", warm, 0, 0.5),
        Sensor("slow", one, 5000, 0),
    ):
        telemetry.add(sensor)
    out = JsonBuffer(bytearray(256))

    def work():
        telemetry.read(1000)
        telemetry.read(1000, True)
        telemetry.compose(out, True)
        telemetry.accepted()
        telemetry.next_read_ms(1000, 1000)

    work()
    check("message", work)
    assert b'"each":41,"flag":true,"warm":21.5,"name":""}' in written(out)


def test_a_response_head():
    incoming = Incoming()

    def work():
        incoming.reset()
        incoming.feed(HEAD, 0, len(HEAD))

    check("head", work)
    assert (incoming.left, incoming.retry_after_s) == (12, 5)


def test_chunks():
    incoming = Incoming()

    def work():
        incoming.reset()
        at = 0
        while incoming.left:
            if incoming.left > 0:
                at += incoming.left
                incoming.took(incoming.left)
            else:
                at = incoming.feed(CHUNKED, at, len(CHUNKED))

    check("chunks", work)
