"""Gives Mbed TLS in the interpreter the board's clock, so that certificates are judged by the RTC.

On the chip a handshake before the clock is set fails: it is the year 2000 (`platform_mbedtls_time` in
`ports/esp32/main.c`). The unix port's Mbed TLS asks the C library's `time`. Where it is a shared library, its
pointer to `time` is turned to a few instructions that add the difference between RTC and host clock, which
the shim keeps in the control block. Known for x86; elsewhere, and where Mbed TLS is linked in, certificates
are judged by the host's clock.
"""

from __future__ import annotations

import functools
import re
import struct
from pathlib import Path

_LIBRARY = re.compile(r"^([0-9a-f]+)-\S+ \S+ 0+ \S+ \d+ +(/\S*libmbedx509\S*)$", re.MULTILINE)
_X86_64, _I386 = 62, 3
_SHT_RELA, _SHT_REL = 4, 9


def patch(pid: int, time_address: int, offset_address: int) -> bytes:
    """What the interpreter has to do: address of the pointer (8 bytes), then the instructions to point it to.

    time_address: of the C library's `time` in the process; offset_address: of the seconds to add. (32-bit
    ones come sign-extended.)
    Empty when there is nothing that can be done.
    """
    mapped = _LIBRARY.search(Path(f"/proc/{pid}/maps").read_text())
    if not mapped:
        return b""
    machine, slot = _time_slot(mapped[2])
    code = _code(machine, time_address, offset_address)
    return struct.pack("<Q", int(mapped[1], 16) + slot) + code if slot and code else b""


def _code(machine: int, time_address: int, offset_address: int) -> bytes:
    """`time(NULL)` plus the offset."""
    if machine == _X86_64:
        return (b"\x48\x83\xec\x08" b"\x31\xff"  # sub rsp, 8; xor edi, edi
                b"\x48\xb8" + struct.pack("<Q", time_address) +  # mov rax, time
                b"\xff\xd0"  # call rax
                b"\x48\xb9" + struct.pack("<Q", offset_address) +  # mov rcx, offset
                b"\x48\x03\x01" b"\x48\x83\xc4\x08" b"\xc3")  # add rax, [rcx]; add rsp, 8; ret
    if machine == _I386:
        return (b"\x83\xec\x08" b"\x6a\x00"  # sub esp, 8; push 0
                b"\xb8" + struct.pack("<I", time_address & 0xFFFFFFFF) +  # mov eax, time
                b"\xff\xd0" b"\x83\xc4\x0c"  # call eax; add esp, 12
                b"\x03\x05" + struct.pack("<I", offset_address & 0xFFFFFFFF) +  # add eax, [offset]
                b"\xc3")  # ret
    return b""


@functools.cache
def _time_slot(library: str) -> tuple[int, int]:
    """ELF machine, and where in the loaded library the pointer to `time` is; 0 when it has none."""
    elf = Path(library).read_bytes()
    wide = elf[4] == 2
    machine = struct.unpack_from("<H", elf, 18)[0]
    sections = _sections(elf, wide)
    for kind, offset, size, link, entry in sections:
        if kind not in (_SHT_RELA, _SHT_REL):
            continue
        names = _symbol_names(elf, sections, link, wide)
        for at in range(offset, offset + size, entry):
            slot, info = struct.unpack_from("<QQ" if wide else "<II", elf, at)
            if names(info >> (32 if wide else 8)) == b"time":
                return machine, slot
    return machine, 0


def _sections(elf: bytes, wide: bool) -> list[tuple[int, int, int, int, int]]:
    """(type, offset, size, link, bytes of an entry) of each section."""
    table = struct.unpack_from("<Q" if wide else "<I", elf, 40 if wide else 32)[0]
    width, count = struct.unpack_from("<HH", elf, 58 if wide else 46)
    form = struct.Struct("<4xI16xQQI12xQ" if wide else "<4xI8xIII8xI")
    return [form.unpack_from(elf, table + i * width) for i in range(count)]


def _symbol_names(elf: bytes, sections: list[tuple[int, int, int, int, int]], link: int, wide: bool):
    """A function from a symbol's index in section `link` to its name."""
    _, symbols, _, strings_link, width = sections[link]
    strings = sections[strings_link][1]

    def name(index: int) -> bytes:
        at = strings + struct.unpack_from("<I", elf, symbols + index * width)[0]
        return elf[at : elf.index(b"\0", at)]

    return name
