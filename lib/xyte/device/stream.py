"""TCP, with verified TLS on top, as one non-blocking stream. There is no way to ask for TLS without verification.

A stream has: write(buf, off, n) and readinto(buf, n), which return a count or None for "not now" (readinto: 0 at the
end); wait(for_write, ms); close().
"""

import select

from xyte import phase
from xyte.errors import UntrustedError


class Connector:
    """Opens a stream, and is it: there is one at a time, and opening the next one ends it.

    ca_files: paths of CA certificates, PEM or DER; at least one is needed for TLS.
    context: for TLS, made once, at the first such connection: it costs 2 KB and is for life.
    events: what the last wait has found (select.POLL...).
    """

    def __init__(self, ca_files=()):
        self.ca_files = ca_files
        self.context = None

    def __call__(self, tls, host, port, pause):
        """Connect. Returns the stream. pause: callable(stream, for_write), raises when it has waited long enough.

        Raises LinkError, or UntrustedError here or in the first write when the certificate does not hold.
        """
        phase.call("xyte.device.dial", "connect", self, tls, host, port, pause)
        return self

    def use(self, sock, plain, host):
        """For dial.py. sock: the plain or TLS socket to talk through; plain: the TCP socket below."""
        self._sock, self._plain, self._host = sock, plain, host
        self._poll = select.poll()
        self._wanted = self.events = 0

    def wait(self, for_write, ms):
        """Up to ms milliseconds, until there may be something to write or read."""
        wanted = select.POLLOUT if for_write else select.POLLIN
        if wanted != self._wanted:  # rarely: on a 32-bit host the look-up of the socket allocates
            self._wanted = wanted
            self._poll.register(self._sock, wanted)
        for _, events in self._poll.ipoll(ms):
            self.events = events

    def write(self, buf, start, count):
        try:
            return self._sock.write(buf, start, count)
        except ValueError as e:
            raise self._untrusted(e)

    def readinto(self, buf, count):
        try:
            return self._sock.readinto(buf, count)
        except ValueError as e:
            raise self._untrusted(e)

    def _untrusted(self, e):
        """Certificate trouble is a ValueError on every port; its text says which checks failed, a line each."""
        return UntrustedError("certificate of %s not accepted: %s" % (self._host, " ".join(str(e).split())))

    def close(self):
        try:
            self._sock.close()
        except OSError:
            pass
        self._plain.close()
        del self._sock, self._plain, self._poll  # nothing of it is kept until the next one
