"""A file from the network, read like a stream: in pieces by Range, over lost connections, from one unchanged file.

The access key has no business here: file hosts are other people's (the command's URL says which), so nothing is sent
that tells who we are.
"""

import io

from micropython import const
from xyte import log, phase
from xyte.core import backoff
from xyte.errors import CommandError, LinkError, UntrustedError

_PIECE = const(65536)  # asked for at a time: the most that a lost connection makes us fetch again
_TIMEOUT_S = const(60)
_MOST_FAILURES = const(8)  # in a row, without a byte of progress
_MOST_REDIRECTS = const(3)
_FIRST_MS, _CAP_MS = const(1000), const(60000)


class Changed(Exception):
    """The file is not the one that the first bytes came from: start again from zero."""


class Download(io.IOBase):
    """http: Session. settings: say which hosts we may talk to.

    at: first byte wanted. etag: of the file that the bytes before `at` came from, or "".
    between: called when the connection is free for others, before more is asked for; may raise to end it all.
    """

    def __init__(self, http, url, settings, chip, at, etag):
        self._http, self._first_url, self._settings, self._chip = http, url, settings, chip
        self._url = url
        self._failures = 0
        self.at, self.etag = at, etag
        self.total = -1
        self._response = None
        self._until = 0  # the answer under way ends before this byte
        self._peeked = b""
        self.between = None

    def peek(self, count):
        """The next `count` bytes (fewer at the end), which stay to be read."""
        buf = bytearray(count)
        view, got = memoryview(buf), 0
        while got < count:
            more = self._read(view[got:])
            if not more:
                break
            got += more
        self._peeked = bytes(buf[:got])
        return self._peeked

    def readinto(self, buf):
        """Up to len(buf) bytes; 0 at the end of the file.

        Raises Changed; CommandError when the server refuses, or when it stays silent for too long.
        """
        peeked = self._peeked
        if not peeked:
            return self._read(buf)
        count = min(len(buf), len(peeked))
        buf[:count] = peeked[:count]
        self._peeked = peeked[count:]
        return count

    def _read(self, buf):
        while self.at != self.total:
            try:
                if not self._response:
                    self._ask()
                count = self._response.readinto(buf)
                if count:
                    self.at += count
                    self._failures = 0
                    if self.at == self._until:
                        self._end_of_answer()
                    return count
                self._end_of_answer()
            except LinkError as e:
                self._failed(e)
        return 0

    def _end_of_answer(self):
        self.drop()
        if self.total < 0:
            self.total = self.at  # an answer without a length ends where it ends
        elif self.at != self._until:
            raise LinkError("answer cut short")

    def drop(self):
        """Give up the answer under way, e.g. because the connection is wanted for something else."""
        response, self._response = self._response, None
        if response:
            response.close()

    def _failed(self, error):
        self.drop()
        self._url = self._first_url  # where a redirect led may have expired
        wait = backoff.after_failure_ms(self._failures, _FIRST_MS, _CAP_MS, self._chip.below)
        self._failures += 1
        if self._failures > _MOST_FAILURES:
            raise CommandError("download failed at byte %d: %s" % (self.at, error))
        log.warning("update", "download at byte %d: %s" % (self.at, error))
        if isinstance(error, UntrustedError):
            wait += _CAP_MS
        self._chip.pause(wait)

    def _ask(self):
        if self.between:
            self.between()
        headers = {"Range": "bytes=%d-%d" % (self.at, self.at + _PIECE - 1), "Accept-Encoding": "identity"}
        if self.etag and not self.etag.startswith("W/"):
            headers["If-Range"] = self.etag
        for _ in range(_MOST_REDIRECTS + 1):
            phase.call("xyte.core.url", "allowed", self._url, self._settings)
            response = self._http.request("GET", self._url, None, headers, _TIMEOUT_S)
            if response.status_code not in (301, 302, 303, 307, 308):
                return self._begin(response)
            response.close()
            self._url = _joined(self._url, response.headers.get("location") or "")
        raise CommandError("too many redirects")

    def _begin(self, response):
        status = response.status_code
        if status not in (200, 206):
            response.close()
            if status == 416 and self.at:
                raise Changed("the file is shorter")
            refused = LinkError if status in (408, 429) or status >= 500 else CommandError
            raise refused("the file server answered %d" % status)
        try:
            if status == 206:
                self._partial(response.headers)
            else:
                self._whole(response.headers)
            self._same_file(response.headers.get("etag") or "")
        except BaseException:  # nobody reads this answer
            self._http.disconnect()
            raise
        self._response, response.headers = response, {}  # the fields are read: not to be carried through the body

    def _partial(self, headers):
        """206 must be for the bytes that were asked for, and of a file as long as before (RFC 9110, 15.3.7)."""
        start, end, total = _content_range(headers.get("content-range") or "")
        if start != self.at or not self.at <= end < total:
            raise CommandError("another range than asked for")
        if self.total not in (-1, total):
            raise Changed("another length")
        self.total, self._until = total, end + 1

    def _whole(self, headers):
        """200: the server does not know ranges, or the file has changed. Either way these are bytes from zero on."""
        if self.at:
            raise Changed("no ranges")
        length = headers.get("content-length")
        self.total = self._until = int(length) if length else -1

    def _same_file(self, etag):
        if self.at and self.etag and etag != self.etag:
            raise Changed("another file")
        self.etag = etag


def _content_range(text):
    """(first, last, total) of `bytes 0-9/100`, or (-1, -1, -1)."""
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    first, _, last = span.partition("-")
    if unit != "bytes" or not (first.isdigit() and last.isdigit() and total.isdigit()):
        return -1, -1, -1
    return int(first), int(last), int(total)


def _joined(base, location):
    """Where a Location header leads, from this URL."""
    if "://" in location:
        return location
    scheme, _, rest = base.partition("://")
    host, _, path = rest.partition("/")
    if location.startswith("//"):
        return scheme + ":" + location
    if location.startswith("/"):
        return scheme + "://" + host + location
    return scheme + "://" + host + "/" + path[: path.rfind("/") + 1] + location
