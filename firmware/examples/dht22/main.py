"""Temperature and humidity from a DHT22 (AM2302): data on GPIO 4, with 4.7 to 10 kilohms to 3.3 V.

The driver `dht` is part of MicroPython's firmware.
"""

from time import sleep_ms, ticks_diff, ticks_ms

import dht
from machine import Pin

from xyte.agent import Agent

DATA = 4
PAUSE_MS = 2000  # the sensor measures no faster than this

agent = Agent(version="1.0.0")
probe = dht.DHT22(Pin(DATA))
measured_ms = None


def measured():
    """The sensor with fresh values. One measurement serves both of them; one that was lost is repeated once."""
    global measured_ms
    if measured_ms is None or ticks_diff(ticks_ms(), measured_ms) >= PAUSE_MS:
        measured_ms = None
        try:
            probe.measure()
        except Exception:  # the driver says a bare Exception for a wrong checksum, OSError for no answer
            sleep_ms(PAUSE_MS)
            probe.measure()
        measured_ms = ticks_ms()
    return probe


@agent.sensor("temperature", every=30, deadband=0.2)
def temperature():
    """Degrees Celsius."""
    return round(measured().temperature(), 1)


@agent.sensor("humidity", every=30, deadband=1)
def humidity():
    """Per cent, relative."""
    return round(measured().humidity(), 1)


agent.run()
