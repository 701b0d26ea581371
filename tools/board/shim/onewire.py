"""`onewire`: the bus driver, as the port freezes it from micropython-lib."""

import _onewire


class OneWireError(Exception):
    pass


class OneWire:
    SEARCH_ROM, MATCH_ROM, SKIP_ROM = 0xF0, 0x55, 0xCC

    def __init__(self, pin):
        self.pin = pin
        pin.init(pin.OPEN_DRAIN, pin.PULL_UP)

    def reset(self, required=False):
        present = _onewire.reset(self.pin)
        if required and not present:
            raise OneWireError
        return present

    def readbit(self):
        return _onewire.readbit(self.pin)

    def readbyte(self):
        return _onewire.readbyte(self.pin)

    def readinto(self, buf):
        for i in range(len(buf)):
            buf[i] = self.readbyte()

    def writebit(self, value):
        _onewire.writebit(self.pin, value)

    def writebyte(self, value):
        _onewire.writebyte(self.pin, value)

    def write(self, buf):
        for byte in buf:
            self.writebyte(byte)

    def select_rom(self, rom):
        self.reset()
        self.writebyte(self.MATCH_ROM)
        self.write(rom)

    def crc8(self, data):
        return _onewire.crc8(data)

    def scan(self):
        """The ROM of each device, by walking the tree of their bits (Maxim application note 187)."""
        found = []
        branches = [[]]  # ways not taken yet, as lists of bits
        while branches:
            rom = self._walk(branches.pop(), branches)
            if rom:
                found.append(rom)
        return found

    def _walk(self, way, branches):
        if not self.reset():
            return None
        self.writebyte(self.SEARCH_ROM)
        rom, bits = bytearray(8), []
        for at in range(64):
            bit, other = self.readbit(), self.readbit()
            if bit and other:
                return None
            if at < len(way):
                bit = way[at]
            elif bit == other:  # both are there
                bit = 1
                branches.append(bits + [0])
            self.writebit(bit)
            bits.append(bit)
            rom[at // 8] |= bit << at % 8
        return rom
