"""A file on its way from a server, as far as it has come: read like a stream, asked for in ranges by ranges.py.

An object of this lives as long as the transfer; what asks, unpacks and writes comes and goes. So it holds plain data,
and what others may find out is left here.
"""

from xyte.core.update_rules import PIECE, PIECE_S
from xyte.errors import LinkError


class Download:
    """url: where the file is. size: bytes of the payload, unpacked. at: first byte of the file that is wanted.
    etag: of the file that the bytes before `at` came from, or "". sink: where the sink stands, see sinks.py.

    total: bytes of the file, -1 as long as nobody has told. response: the answer under way, or None. until: the byte
    that it ends before. source: where it comes from, after redirects. failures: in a row. over_ms: ticks from which on
    one more is too many. rest_s: seconds that the server asked us to wait.
    left: bytes of the payload that are still to be written. filled: so many of them wait in the transfer's buffer.
    safe: so many bytes are noted as safe.
    stream: what the payload is read from, this or something that unpacks it; None until that is known.
    """

    def __init__(self, url, size, at, etag, sink):
        self.url = self.source = url
        self.size, self.sink = size, sink
        self.at = self.safe = at
        self.etag = etag if at else ""
        self.left = size - at
        self.total = -1 if self.left else size
        self.until = self.filled = self.failures = self.over_ms = self.rest_s = 0
        self.response = None
        self.stream = self if at else None

    def readinto(self, buf):
        """Up to len(buf) bytes; 0 at the end of the file, None when more has to be asked for. Raises LinkError."""
        if self.at == self.total:
            return 0
        if not self.response:
            return None
        count = self.response.readinto(buf)
        if (self.at + count) // PIECE > self.at // PIECE:
            self.response.extend(PIECE_S)
        self.at += count
        if count:
            self.failures = 0
            if self.at != self.until:
                return count
        self.drop()
        if self.total < 0:
            self.total = self.at  # an answer without a length ends where it ends
        elif self.at != self.until:
            raise LinkError("answer cut short")
        return count

    def tenths(self):
        """So much of the payload is written."""
        return (self.size - self.left) * 10 // self.size

    def drop(self):
        """Done with the answer under way, or the connection is wanted for something else."""
        response, self.response = self.response, None
        if response:
            response.close()
