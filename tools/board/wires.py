"""What is wired to a virtual board's pins: switches, voltages, sensors; and what the board drives.

Offsets in the control block; a level is 0 where nothing is, 1 for low, 2 for high:

    3584   40  level from outside, by GPIO
    3624   40  level that the board drives, by GPIO
    3664   80  falling and rising edges from outside, counted, two bytes for each GPIO
    3744   80  millivolts, 16 bits for each GPIO
    3824    6  DHT sensor: GPIO + 1 (0: none), then the five bytes of its next answer
    3830   82  1-Wire bus: GPIO + 1, number of sensors, then for each of at most 8 its ROM (8) and temperature in
               sixteenths of a degree (16 bits)
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping

PINS = 40
_OUTSIDE = 3584
_DRIVEN = 3624
_EDGES = 3664
_MILLIVOLTS = 3744
_DHT = 3824
_ONE_WIRE = 3830
_MOST_SENSORS = 8


class Wires:
    """A view of the control block's bytes. Pins are GPIO numbers."""

    def __init__(self, block: mmap.mmap):
        self._bytes = block

    def level(self, pin: int) -> int | None:
        """The level that the board drives, None where the pin is no output."""
        driven = self._bytes[_DRIVEN + pin]
        return driven - 1 if driven else None

    def connect(self, pin: int, level: int) -> None:
        """Put 0 V or 3.3 V on a pin, as a switch does; the board sees the edge."""
        before = self._bytes[_OUTSIDE + pin]
        self._bytes[_OUTSIDE + pin] = 1 + bool(level)
        if before != 1 + bool(level):
            edge = _EDGES + 2 * pin + bool(level)
            self._bytes[edge] = (self._bytes[edge] + 1) % 256

    def disconnect(self, pin: int) -> None:
        """Leave the pin to its pull resistor."""
        self._bytes[_OUTSIDE + pin] = 0

    def press(self, pin: int) -> None:
        """A button to ground, pressed and let go of."""
        self.connect(pin, 0)
        self.connect(pin, 1)

    def volts(self, pin: int, volts: float) -> None:
        """A voltage for the analogue converter."""
        struct.pack_into("<H", self._bytes, _MILLIVOLTS + 2 * pin, round(volts * 1000))

    def dht22(self, pin: int, celsius: float, humidity: float, *, damaged: bool = False) -> None:
        """The one DHT22, and what it measures, in degrees and per cent. damaged: a bit falls over on the way."""
        tenths = round(abs(celsius) * 10) | (0x8000 if celsius < 0 else 0)
        answer = struct.pack(">HH", round(humidity * 10), tenths)
        checksum = (sum(answer) + damaged) % 256
        self._bytes[_DHT : _DHT + 6] = bytes([pin + 1]) + answer + bytes([checksum])

    def one_wire(self, pin: int, sensors: Mapping[bytes, float]) -> None:
        """DS18B20 sensors on the one bus: ROM code without its checksum (7 bytes) -> degrees. Raises ValueError."""
        if len(sensors) > _MOST_SENSORS:
            raise ValueError(f"{len(sensors)} sensors: {_MOST_SENSORS} are the most")
        rows = b"".join(rom + bytes([crc8(rom)]) + struct.pack("<h", round(celsius * 16))
                        for rom, celsius in sensors.items())
        self._bytes[_ONE_WIRE : _ONE_WIRE + 2 + len(rows)] = bytes([pin + 1, len(sensors)]) + rows

    def let_go(self) -> None:
        """After a reset no pin is an output."""
        self._bytes[_DRIVEN : _DRIVEN + PINS] = bytes(PINS)


def crc8(data: bytes) -> int:
    """The 1-Wire checksum: polynomial x^8 + x^5 + x^4 + 1, lowest bit first (Maxim application note 27)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc
