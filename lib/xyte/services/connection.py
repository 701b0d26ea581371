"""One connection at a time, kept as long as it lasts, read through one preallocated buffer under one deadline."""

from micropython import const
from xyte.errors import LinkError

_WAIT_SLICE_MS = const(1000)  # the watchdog is fed at least this often while we wait


class Connection:
    """Bytes to and from a server. All waiting is done here, in slices, until the deadline of the exchange.

    connect: callable(tls, host, port, pause) -> stream; see device/stream.py for the stream's methods.
    clock: has after_ms(ms), left_ms(ticks). feed: callable, called while waiting (the watchdog).
    buf[at:got]: bytes received and not yet read.
    """

    def __init__(self, connect, clock, feed, receive_bytes):
        self._connect, self._clock, self._feed = connect, clock, feed
        self.buf = bytearray(receive_bytes)
        self.at = self.got = 0
        self._stream = self._origin = None
        self._deadline = 0

    def allow(self, timeout_ms):
        """Start the clock of an exchange: everything up to its last byte must happen within timeout_ms."""
        self._deadline = self._clock.after_ms(timeout_ms)

    def is_open_to(self, target):
        now = self._origin
        return now and now.host == target.host and now.port == target.port and now.tls == target.tls

    def open(self, target):
        """Connect anew to a Url's host. Raises LinkError."""
        self.close()
        self._stream = self._connect(target.tls, target.host, target.port, self._pause)
        self._origin = target

    def close(self):
        stream, self._stream, self._origin = self._stream, None, None
        self.at = self.got = 0
        if stream:
            stream.close()

    def send(self, buf, start, count):
        """All of buf[start:start+count]. Raises OSError, LinkError."""
        stream = self._stream
        while count:
            self._in_time()
            sent = stream.write(buf, start, count)
            if sent is None:
                self._pause(stream, True)
            else:
                start, count = start + sent, count - sent

    def fill(self):
        """Wait for bytes and put them in the buffer, in place of those read. Returns how many; 0 at the end."""
        self.at = self.got = 0
        self.got = self._receive(self.buf, len(self.buf))
        return self.got

    def byte(self):
        """The next byte, -1 at the end."""
        if self.at == self.got and not self.fill():
            return -1
        self.at += 1
        return self.buf[self.at - 1]

    def ready(self, limit):
        """How many bytes, at most limit, lie at buf[at:]; waits for some when there are none. 0 at the end."""
        if self.at == self.got and not self.fill():
            return 0
        return min(limit, self.got - self.at)

    def read(self, buf, limit):
        """Up to limit bytes into buf. What has arrived comes first; only then straight from the stream."""
        if self.at == self.got and limit >= len(self.buf):
            return self._receive(buf, limit)
        count = self.ready(limit)
        for i in range(count):
            buf[i] = self.buf[self.at + i]
        self.at += count
        return count

    def _receive(self, buf, count):
        stream = self._stream
        if not stream:
            return 0
        while True:
            self._in_time()  # also while bytes keep coming: a server that never stops must not hold us
            got = stream.readinto(buf, count)
            if got is not None:
                return got
            self._pause(stream, False)

    def _pause(self, stream, for_write):
        """Wait until the stream is ready, a slice at most, watching the deadline and feeding the watchdog."""
        stream.wait(for_write, min(self._in_time(), _WAIT_SLICE_MS))
        self._feed()

    def _in_time(self):
        """Milliseconds left of the exchange. Raises LinkError when there are none."""
        left = self._clock.left_ms(self._deadline)
        if left <= 0:
            raise LinkError("timed out")
        return left
