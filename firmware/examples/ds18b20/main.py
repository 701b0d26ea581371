"""Temperatures from one or more DS18B20 on one wire: data on GPIO 4, with 4.7 kilohms to 3.3 V.

Each probe is reported under its own number, so probes can be added and changed; which is where is for the cloud's
names to say. The drivers `onewire` and `ds18x20` are part of MicroPython's firmware.
"""

from time import sleep_ms, ticks_diff, ticks_ms

from ds18x20 import DS18X20
from machine import Pin
from onewire import OneWire

from xyte.agent import Agent

DATA = 4
CONVERSION_MS = 750  # at the full 12 bits
POWER_UP = 85  # what a probe says before its first measurement; in its range, but hardly ever true

agent = Agent(version="1.0.0")
bus = DS18X20(OneWire(Pin(DATA)))
converted_ms = None


def convert():
    """Let all probes measure at the same time, unless they just have."""
    global converted_ms
    if converted_ms is None or ticks_diff(ticks_ms(), converted_ms) >= 2 * CONVERSION_MS:
        converted_ms = None
        bus.convert_temp()  # raises OneWireError when the wire is dead
        sleep_ms(CONVERSION_MS)
        converted_ms = ticks_ms()


def add_probe(rom):
    """Report one probe. rom: its number, 8 bytes."""

    @agent.sensor("temperature_" + rom.hex(), every=30, deadband=0.2)
    def temperature():
        """Degrees Celsius; a probe that is gone or garbled makes the driver raise. Zeros have a checksum of zero."""
        convert()
        degrees = bus.read_temp(rom)
        if not any(bus.buf):
            raise ValueError("all zeros: is the data line shorted?")
        if degrees == POWER_UP:
            raise ValueError("no measurement: the probe lost its power")
        return degrees


roms = bus.scan()
for rom in roms:
    add_probe(rom)
if not roms:
    agent.fault("no DS18B20 on GPIO %d: check the wires and the resistor, then reboot" % DATA)


agent.run()
