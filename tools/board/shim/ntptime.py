"""`ntptime`: sets the RTC from the host's clock, as micropython-lib's sets it from an NTP server."""

import errno

import machine
import wire
from network import connected

from micropython import const

_OUTAGE = const(4)  # offset in the control block
_HOST_TIME = const(14)  # request, numbered in tools/board/chip.py

host = "pool.ntp.org"
timeout = 1


def time():
    import time

    if wire.control[_OUTAGE]:
        time.sleep_ms(timeout * 1000)
        raise OSError(errno.ETIMEDOUT)
    if not connected():
        raise OSError(-202)
    time.sleep_ms(30)
    return wire.call(_HOST_TIME)


def settime():
    import time as clock

    t = clock.gmtime(time())
    machine.RTC().datetime((t[0], t[1], t[2], t[6] + 1, t[3], t[4], t[5], 0))
