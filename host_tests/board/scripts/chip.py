"""`machine` and `time`: identity, RTC memory, RTC, watchdog errors, epoch and ticks. What a reset does is in resets.

Sources: MicroPython ports/esp32/modmachine.c, machine_rtc.c, machine_wdt.c, modtime.c; extmod/modtime.c.
"""

import sys
import time

import machine


def identity():
    info("interpreter", "%s %s" % (sys.platform, sys.implementation))
    check("unique_id", (type(machine.unique_id()), len(machine.unique_id())), (bytes, 6))
    check("causes", (machine.PWRON_RESET, machine.HARD_RESET, machine.WDT_RESET, machine.DEEPSLEEP_RESET,
                     machine.SOFT_RESET), (1, 2, 3, 4, 5))
    holds("reset_cause", machine.reset_cause() in range(6), machine.reset_cause())
    info("frequency", machine.freq())


def rtc_memory():
    """The first bytes are boot.py's: all is put back at the end."""
    rtc = machine.RTC()
    before = rtc.memory()
    check("RTC memory is bytes", type(before), bytes)
    try:
        rtc.memory(bytes(range(256)) * 8)
        check("2048 bytes of RTC memory", rtc.memory(), bytes(range(256)) * 8)
        check("not one more", raised(rtc.memory, bytes(2049)), ("ValueError", "buffer too long"))
        rtc.memory(b"short")
        check("a shorter text is all of it", rtc.memory(), b"short")
        rtc.memory(memoryview(b"a view")[2:])
        check("from a memoryview", machine.RTC().memory(), b"view")
    finally:
        rtc.memory(before)


def clock():
    """The RTC is set and put back; it loses a second at most."""
    check("the epoch is 2000", time.gmtime(0)[:6], (2000, 1, 1, 0, 0, 0))
    check("a time has 8 fields", len(time.gmtime()), 8)
    check("seconds are whole", type(time.time()), int)
    check("and back", time.mktime((2026, 11, 22, 12, 30, 15, 0, 0)), 848665815)
    check("ticks wrap at 30 bits", time.ticks_add(0, -1), (1 << 30) - 1)
    check("differences across the wrap", time.ticks_diff(5, time.ticks_add(5, -100)), 100)
    check("too large a step", kind(time.ticks_add, 0, 1 << 29), "OverflowError")
    before = time.time()
    rtc = machine.RTC()
    rtc.datetime((2031, 5, 6, 0, 7, 8, 9, 0))
    got = rtc.datetime()
    check("the RTC tells its time", (got[:3], got[4:6]), ((2031, 5, 6), (7, 8)))
    check("and the day of the week", got[3], 1)
    check("the clock follows the RTC", time.gmtime()[:5], (2031, 5, 6, 7, 8))
    t = time.gmtime(before)
    rtc.datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
    holds("and back again", 0 <= time.time() - before <= 2, time.time() - before)
    check("eight fields, no fewer", kind(rtc.datetime, (2031, 5, 6)), "ValueError")


def watchdog():
    check("a watchdog needs time", raised(machine.WDT, timeout=0), ("ValueError", "WDT timeout too short"))
    check("there is one watchdog", raised(machine.WDT, 1), ("ValueError",))
    armed = machine.WDT(timeout=3600000)  # an hour: it cannot be taken back
    check("feeding answers nothing", armed.feed(), None)
    machine.WDT(timeout=86400000)
    check("it takes a longer time", armed.feed(), None)


identity()
rtc_memory()
clock()
watchdog()
