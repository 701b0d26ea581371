"""The control block: one page of memory that the supervisor shares with the interpreter.

    offset  size  what
         4     1  outage: 1 no network is on the air; from 2 on the link is deaf, cured as OUTAGES says
         5     1  station: active, wanted, has address (survives a soft reset)
         6     1  reset cause, as `machine.reset_cause` gives it
         7     1  index of the running slot in the partition table
         8     1  RSSI, dBm + 256
         9     1  factory: format and take files instead of booting
        10     6  MAC
        16     4  speed as numerator and denominator (16 bits each)
        20     8  RTC at the start of this boot: seconds since 2000, microseconds
        28     8  payload of the running image: address on flash, bytes
        36     8  watchdog that a soft reset hands over: ms left, timeout in ms
        44     1  the prompt is in raw mode (survives a soft reset)
        45     1  a program runs, rather than start-up or the prompt
        46     1  a request to the supervisor is under way: no Ctrl-C now
        47     1  Ctrl-C was pressed: to be taken at the next point where that does no harm
        48     6  RTC memory: magic word, length (16 bits)
        56     8  RTC minus host clock, in seconds, kept by the shim for Mbed TLS
        64     4  ports of the host that stand for the hot spot's 80 (TCP) and 53 (UDP), 16 bits each
        68     1  greatest transmit power in quarters of a dBm, 0: as the radio begins (survives a soft reset)
        69     1  hot spot: is it active
        70     1  hot spot: security, as `network.WLAN.SEC_...`
        71    33  hot spot: length and bytes of its name
       104    64  hot spot: length and bytes of its key
       168     4  hot spot: its IPv4 address, once it is set
       512  2048  RTC memory: data
      2560   512  networks on the air: count, then length and bytes of name and of key
      3072   512  partition table, 28 bytes a row: label (16), type, subtype, 0, address, size
      3584   512  what is wired to the pins: see wires.py

The shim's modules name the offsets they use.
"""

from __future__ import annotations

import mmap
import os
import struct
from fractions import Fraction
from pathlib import Path

from tools.board.layout import Partition
from tools.board.wires import Wires

SIZE = 4096
OUTAGES = ("off", "on", "dhcp", "join", "radio", "dns")  # what is wrong; or what cures a deaf link
_RTC_MEMORY = [slice(48, 56), slice(512, 512 + 2048)]


class Control:
    """The block in `path`, which is made when it is not there."""

    def __init__(self, path: Path):
        if not path.exists():
            path.write_bytes(bytes(SIZE))
        self._fd = os.open(path, os.O_RDWR)
        self._bytes = mmap.mmap(self._fd, SIZE)

    def close(self) -> None:
        """Let go of the memory and the file."""
        self._bytes.close()
        os.close(self._fd)

    def fileno(self) -> int:
        """What the interpreter inherits to map the same memory."""
        return self._fd

    @property
    def outage(self) -> str:
        """What is wrong with the network: one of OUTAGES."""
        return OUTAGES[self._bytes[4]]

    @outage.setter
    def outage(self, what: str) -> None:
        self._bytes[4] = OUTAGES.index(what)

    @property
    def hotspot(self) -> tuple[str, str, int] | None:
        """Name, key and security of the hot spot; None while it is off."""
        if not self._bytes[69]:
            return None
        name, key = (self._bytes[at + 1 : at + 1 + self._bytes[at]].decode() for at in (71, 104))
        return name, key, self._bytes[70]

    def set_ports(self, http: int, dns: int) -> None:
        """The ports of the host that stand for the hot spot's."""
        struct.pack_into("<HH", self._bytes, 64, http, dns)

    @property
    def mac(self) -> bytes:
        """The chip's, 6 bytes."""
        return bytes(self._bytes[10:16])

    @property
    def in_program(self) -> bool:
        """Does a program run, rather than start-up or the prompt?"""
        return bool(self._bytes[45])

    @property
    def busy(self) -> bool:
        """Is the interpreter within a request?"""
        return bool(self._bytes[46])

    @property
    def interrupt_offered(self) -> bool:
        """Ctrl-C, to be taken by the interpreter at the end of its request, or when it asks for the time or sleeps."""
        return bool(self._bytes[47])

    @interrupt_offered.setter
    def interrupt_offered(self, offered: bool) -> None:
        self._bytes[47] = offered

    def set_chip(self, *, mac: bytes, rssi: int, speed: Fraction, factory: bool) -> None:
        """What stays the same for a whole run."""
        self._bytes[8] = rssi % 256
        self._bytes[9] = factory
        self._bytes[10:16] = mac
        struct.pack_into("<HH", self._bytes, 16, speed.numerator, speed.denominator)

    def set_air(self, networks: list[tuple[str, str]]) -> None:
        """(name, key) of each network that can be received; an empty key means an open one."""
        out = bytearray([len(networks)])
        for network in networks:
            for text in network:
                out += bytes([len(text.encode())]) + text.encode()
        if len(out) > 512:
            raise ValueError("the networks on the air take more than 512 bytes: name fewer of them")
        self._bytes[2560 : 2560 + len(out)] = bytes(out)

    def set_table(self, partitions: tuple[Partition, ...]) -> None:
        """The partition table for `esp32.Partition`."""
        rows = b"".join(
            struct.pack("<16sBBHII", p.label.encode(), p.type, p.subtype, 0, p.address, p.size)
            for p in partitions
        )
        self._bytes[3072 : 3072 + 512] = rows.ljust(512, b"\0")

    def set_boot(self, *, cause: int, slot: int, payload: tuple[int, int]) -> None:
        """What the bootloader found: reset cause, index of the slot, address and size of its payload."""
        self._bytes[6] = cause
        self._bytes[7] = slot
        struct.pack_into("<II", self._bytes, 28, *payload)

    def has_files(self, flash_fd: int) -> bool:
        """Whether the running image brings files, as one with the agent frozen in; flash_fd: of flash.bin."""
        address, size = struct.unpack_from("<II", self._bytes, 28)
        return size > 2 and os.pread(flash_fd, 3, address) == b"\xd2\xcd\x31"  # the head of a ROMFS

    def set_rtc(self, seconds: int, microseconds: int) -> None:
        """RTC at this moment."""
        struct.pack_into("<II", self._bytes, 20, seconds, microseconds)

    def start_peripherals(self, watchdog_left_ms: int) -> None:
        """0 after a reset: station and watchdog start anew. Above 0 after a soft reset: they go on."""
        struct.pack_into("<I", self._bytes, 36, watchdog_left_ms)
        if not watchdog_left_ms:
            struct.pack_into("<I", self._bytes, 40, 0)

    def stop_radio(self) -> None:
        """After every reset but a soft one radio and hot spot are off, no pin is driven, the prompt is plain."""
        self._bytes[5] = self._bytes[44] = self._bytes[68] = self._bytes[69] = 0
        if self.outage not in ("off", "on"):
            self.outage = "off"  # a deaf link hears again after a restart
        self.wires().let_go()

    def wires(self) -> Wires:
        """What is wired to the board's pins."""
        return Wires(self._bytes)

    def start_console(self) -> None:
        """No program of the last boot is left."""
        self._bytes[45:48] = bytes(3)

    def lose_power(self) -> None:
        """RTC memory does not survive this."""
        for part in _RTC_MEMORY:
            self._bytes[part] = bytes(part.stop - part.start)
