"""`ntptime`: sets the RTC from the host's clock, as micropython-lib's sets it from an NTP server."""

import errno

import machine
import wire
from network import connected

host = "pool.ntp.org"
timeout = 1


def time():
    import time

    if not connected():
        raise OSError(-202)
    time.sleep_ms(30)
    if not connected():
        raise OSError(errno.ETIMEDOUT)
    return wire.call(14)


def settime():
    import time as clock

    t = clock.gmtime(time())
    machine.RTC().datetime((t[0], t[1], t[2], t[6] + 1, t[3], t[4], t[5], 0))
