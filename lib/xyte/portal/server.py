"""Runs microdot without an event loop of its own: the agent's step drives it, so the watchdog and the link go on.

microdot's `handle_request` is a coroutine that reads and writes through two objects. Here both are a Peer, whose
methods give way instead of waiting; `Server.step` goes on with each of them when it likes.
"""

import gc
from errno import EAGAIN

from micropython import const
from xyte import log
from xyte.portal import names

_PEERS = const(4)  # browsers open more than they use: the oldest makes room
_LIFE_MS = const(15000)
_PIECE = const(512)
_MOST_BYTES = const(4096)  # of a request
_ROUNDS = const(40)
_QUERY = const(300)


def _give_way():
    yield


async def _turn():
    """Let the others go on."""
    await _give_way()  # pyright: ignore[reportGeneralTypeIssues] - in MicroPython a coroutine is a generator


class Peer:
    """One browser's connection, as the reader and the writer that microdot wants."""

    def __init__(self, sock, app, until):
        self.sock, self.until = sock, until
        self._received, self._total, self._ended = b"", 0, False
        self._run = app.handle_request(self, self)

    def step(self):
        """Go on. Returns False when it is over."""
        try:
            self._run.send(None)
            return True
        except StopIteration:
            return False
        except (OSError, ValueError) as e:  # the browser has gone, or talks nonsense
            log.debug("portal", "%r" % e)
            return False
        except MemoryError:
            log.error("portal", "no memory for an answer")
            return False

    def get_extra_info(self, name):
        return None

    async def _more(self):
        await _turn()
        try:
            piece = self.sock.recv(_PIECE)
        except OSError as e:
            if e.errno != EAGAIN:
                raise
            return
        self._ended = not piece
        self._received += piece
        self._total += len(piece)
        if self._total > _MOST_BYTES:
            raise ValueError("request too long")

    async def readline(self):
        while b"\n" not in self._received and not self._ended:
            await self._more()
        return self._take(self._received.find(b"\n") + 1 or len(self._received))

    async def readexactly(self, count):
        while len(self._received) < count:
            if self._ended:
                raise ValueError("request cut short")
            await self._more()
        return self._take(count)

    def _take(self, count):
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    async def awrite(self, data):
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.sock.send(rest) :]
            except OSError as e:
                if e.errno != EAGAIN:
                    raise
                await _turn()

    async def aclose(self):
        await _turn()


class Server:
    """hotspot: Hotspot. app: a Microdot. clock: device clock."""

    def __init__(self, hotspot, app, clock):
        self._hotspot, self._app, self._clock = hotspot, app, clock
        self._peers = []

    def step(self, ms):
        """Serve whoever is there. Waits up to so long for somebody to come."""
        for _ in range(_ROUNDS):
            if not self._hotspot.wait(20 if self._peers else ms):
                ms = 0
            self._answer_names()
            self._admit()
            self._peers = [peer for peer in self._peers if self._goes_on(peer)]
            if not ms and not self._peers:
                return

    def _goes_on(self, peer):
        if self._clock.left_ms(peer.until) > 0 and peer.step():
            return True
        self._hotspot.drop(peer.sock)
        return False

    def _admit(self):
        try:
            sock = self._hotspot.door.accept()[0]
        except OSError:
            return
        if len(self._peers) == _PEERS:
            self._hotspot.drop(self._peers.pop(0).sock)
        gc.collect()  # one answer at a time fits best into a heap without rubbish
        try:
            self._peers.append(Peer(self._hotspot.watch(sock), self._app, self._clock.after_ms(_LIFE_MS)))
        except MemoryError:
            log.error("portal", "no memory for a browser")
            self._hotspot.drop(sock)

    def _answer_names(self):
        try:
            query, sender = self._hotspot.names.recvfrom(_QUERY)
            if not query:
                self._hotspot.reopen_names()
            reply = names.answer(query, self._hotspot.address)
            if reply:
                self._hotspot.names.sendto(reply, sender)
        except OSError:
            pass  # nobody asks

    def close(self):
        for peer in self._peers:
            self._hotspot.drop(peer.sock)
        self._peers = []
