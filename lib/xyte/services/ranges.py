"""Asks a file server for the next bytes of a download, by Range, and only for those of one unchanged file.

The access key has no business here: file hosts are other people's (the command's URL says which), so nothing is sent
that tells who we are.
"""

from micropython import const
from xyte import log, phase
from xyte.core import backoff
from xyte.core.update_rules import PIECE, PIECE_S
from xyte.errors import CommandError, LinkError, SettingsError, UntrustedError

# PIECE is asked for at a time, in large files a tenth of them: the progress is told between two pieces.
_TENTH, _BLOCK = const(10), const(4096)  # and what may wait in the buffer, not written yet
_OUTAGE_MS = const(300000)  # failures in a row for longer, without a byte, end the update: the application stands still
_LONGEST_REST_S = const(240)  # that a server may ask for at a time
_MOST_REDIRECTS = const(3)
_FIRST_MS, _CAP_MS = const(1000), const(60000)
_LINK_MS, _LINK_STEP_MS = const(60000), const(250)


class _Changed(Exception):
    """The file is not the one that the first bytes came from."""


def ask(state, download):
    """Get an answer under way. Returns "", or why the download has to start again from zero.

    Raises LinkError; CommandError when the server refuses, or for a URL that we may not follow.
    """
    piece = max(PIECE, download.size // _TENTH + _BLOCK)
    headers = {"Range": "bytes=%d-%d" % (download.at, download.at + piece - 1), "Accept-Encoding": "identity"}
    if download.etag and not download.etag.startswith("W/"):
        headers["If-Range"] = download.etag
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            phase.call("xyte.core.url", "allowed", download.source, state.settings)
        except SettingsError as e:
            raise CommandError(str(e))
        response = state.http.request("GET", download.source, None, headers, PIECE_S)
        location = response.headers.get("location")
        if not location or response.status_code not in (301, 302, 303, 307, 308):
            try:
                _begin(state.http, download, response)
            except _Changed as e:
                return str(e)
            return ""
        response.close()
        download.source = _joined(download.source, location)
    raise CommandError("too many redirects")


def failed(state, download, error):
    """Wait until the next try makes sense. error: LinkError. Raises CommandError when that has gone on for too long."""
    download.drop()
    download.source = download.url  # where a redirect led may have expired
    clock = state.chip.clock
    if not download.failures:
        download.over_ms = clock.after_ms(_OUTAGE_MS)
    elif clock.left_ms(download.over_ms) <= 0:
        raise CommandError("download failed at byte %d: %s" % (download.at, error))
    wait = backoff.after_failure_ms(download.failures, _FIRST_MS, _CAP_MS, state.chip.below)
    wait += min(download.rest_s, _LONGEST_REST_S) * 1000
    download.rest_s = 0
    download.failures += 1
    log.warning("update", "download at byte %d: %s" % (download.at, error))
    if isinstance(error, UntrustedError):
        wait += _CAP_MS
    state.chip.pause(wait)
    until = clock.after_ms(_LINK_MS)
    while not state.chip.link.step() and clock.left_ms(until) > 0:  # it may be what was lost
        state.chip.pause(_LINK_STEP_MS)


def _begin(http, download, response):
    status = response.status_code
    if status not in (200, 206):
        download.rest_s = response.retry_after_s
        response.close()
        if status == 416 and download.at:
            raise _Changed("the file is shorter")
        refused = LinkError if status in (408, 429) or status >= 500 else CommandError
        raise refused("the file server answered %d" % status)
    try:
        if status == 206:
            _partial(download, response.headers)
        else:
            _whole(download, response.headers)
        etag = response.headers.get("etag") or ""
        if download.at and download.etag and etag != download.etag:
            raise _Changed("another file")
    except BaseException:  # nobody reads this answer
        http.disconnect()
        raise
    download.etag = etag
    download.response, response.headers = response, {}  # the fields are read: not to be carried through the body


def _partial(download, headers):
    """206 must be for the bytes that were asked for, and of a file as long as before (RFC 9110, 15.3.7)."""
    start, end, total = _content_range(headers.get("content-range") or "")
    if start != download.at or not download.at <= end < total:
        raise CommandError("another range than asked for")
    if download.total not in (-1, total):
        raise _Changed("another length")
    download.total, download.until = total, end + 1


def _whole(download, headers):
    """200: the server does not know ranges, or the file has changed. Either way these are bytes from zero on."""
    if download.at:
        raise _Changed("no ranges, or another file")
    length = headers.get("content-length")
    download.total = download.until = int(length) if length else -1


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
    if "://" in location.partition("?")[0]:
        return location
    scheme, _, rest = base.partition("://")
    host, _, path = rest.partition("/")
    if location.startswith("//"):
        return scheme + ":" + location
    host = scheme + "://" + host
    if location.startswith("/"):
        return host + location
    return host + "/" + path[: path.rfind("/") + 1] + location
