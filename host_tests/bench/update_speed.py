"""How fast an update is brought in, on MicroPython; prints one line of JSON.

    micropython update_speed.py agent|bare PLACE.json

PLACE.json: params (of the command), packed (is it gzip?), size, sha256, head (of the image), ca, flash (a file that
stands for the slot), block_ms (what it takes to erase and write 4 KiB of it).
agent: its download, its sink, its check of what is read back. bare: the least that any updater must do: read the
socket, unpack, hash, write to flash.
"""

import gc
import json
import sys
import time
from hashlib import sha256

BLOCK = 4096


class Flash:
    """A slot of 4 KiB blocks in a file."""

    running, spare, chip, size = "ota_0", "ota_1", "esp32", 0x180000

    def __init__(self, place):
        self._file = open(place["flash"], "r+b")  # noqa: SIM115 - open for the life of the process
        self._block_ms = place["block_ms"]
        self.read_us = None  # when it was first read from

    def head(self):
        """The running image is of the same chip and project as the new one."""
        return HEAD

    def settled(self):
        """Nothing is on trial."""

    def forget(self):
        pass

    def mark(self):
        return 0

    def switch(self):
        """The restart that follows is the end."""

    def write(self, block, buf):
        self._file.seek(block * BLOCK)
        self._file.write(buf)
        time.sleep_ms(self._block_ms)

    def read(self, block, buf):
        self.read_us = self.read_us or time.ticks_us()
        self._file.seek(block * BLOCK)
        self._file.readinto(buf)


HEAD = bytearray(112)


class Progress:
    """Takes note of the heap in use at every tenth part."""

    def __init__(self):
        self.heaps = []

    def __call__(self, state, text):
        gc.collect()
        self.heaps.append(gc.mem_alloc())
        return True


def feed():
    """There is no watchdog."""


class Clock:
    ticks_ms = staticmethod(time.ticks_ms)
    ticks_diff = staticmethod(time.ticks_diff)
    sleep_ms = staticmethod(time.sleep_ms)

    def after_ms(self, ms):
        return time.ticks_add(time.ticks_ms(), ms)

    def left_ms(self, ticks):
        return time.ticks_diff(ticks, time.ticks_ms())


def by_agent(place):
    """The update command's own phases, up to the restart into the trial."""
    from fakes.chip import FakeChip, FakeKeys, Restarted
    from xyte.core.settings_rules import read
    from xyte.device.stream import Connector
    from xyte.phases import transfer, update
    from xyte.services.http import Session
    from xyte.state import State

    class Keys(FakeKeys):
        def get_int(self, key):
            return self.values.get(key, 0)

        def set_int(self, key, value):
            self.values[key] = value

    chip = FakeChip("", None, keys=Keys())
    chip.clock, chip.connect, chip.feed = Clock(), Connector((place["ca"],)), feed
    flash = Flash(place)
    chip.slots = lambda kind: flash
    state = State(chip, Session(chip.connect, chip.clock, chip.feed), "1.0.0")
    state.settings = read({"hardware_key": "k", "development_hosts": ["localhost"], "ca_files": [place["ca"]]})
    state.offer = ["file", 0, 0]
    progress, start = Progress(), time.ticks_us()
    transfer._tell = progress  # imported here, so no phase lets go of it
    try:
        raise ValueError(update.update(state, place["params"], None))
    except Restarted:
        end = time.ticks_us()
    heaps = progress.heaps[1:] or [0]
    return {"fetch_us": time.ticks_diff(flash.read_us, start), "prove_us": time.ticks_diff(end, flash.read_us),
            "heap_swing": max(heaps) - min(heaps)}


def bare(place):
    from xyte.core import url as urls

    target = urls.split(place["params"]["url"])
    flash, digest, buf = Flash(place), sha256(), bytearray(BLOCK)
    start = time.ticks_us()
    stream = connected(target, place["ca"])
    stream.write(("GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" % (target.path, target.netloc)).encode())
    while stream.readline() != b"\r\n":
        pass
    if place["packed"]:
        import deflate

        stream = deflate.DeflateIO(stream, deflate.GZIP, 12)
    view, left, block = memoryview(buf), place["size"], 0
    while left:
        count = stream.readinto(buf, min(left, BLOCK))
        digest.update(view[:count])
        flash.write(block, buf)
        left, block = left - count, block + 1
    end = time.ticks_us()
    if digest.digest() != bytes.fromhex(place["sha256"]):
        raise ValueError("not what was sent")
    return {"fetch_us": time.ticks_diff(end, start), "prove_us": 0}


def connected(target, ca):
    """A blocking stream to a server, verified when it is TLS."""
    import socket

    import tls

    address = socket.getaddrinfo(target.host, target.port, 0, socket.SOCK_STREAM)[0]
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    sock.connect(address[-1])
    if not target.tls:
        return sock
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    with open(ca, "rb") as f:
        context.load_verify_locations(f.read())
    return context.wrap_socket(sock, server_hostname=target.host)


def main(who, path):
    with open(path) as f:
        place = json.load(f)
    HEAD[:] = bytes.fromhex(place["head"])
    print("figures " + json.dumps((by_agent if who == "agent" else bare)(place)))


main(*sys.argv[1:])
