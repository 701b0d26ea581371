"""Writes what a download brings into the spare slot, as far as it has come; the rest when more has been asked for."""

from micropython import const
from xyte import log, phase
from xyte.core.update_rules import AT_KEY
from xyte.errors import CommandError
from xyte.services import sinks

_CHECKPOINT = const(32768)
_GZIP = b"\x1f\x8b"


def begin(state, now, old):
    """Where the download begins: (first byte wanted, where the sink stands). Raises CommandError, StoreError.

    now: the update's record. old: Download of a file that has changed since, or None.
    """
    if old and old.sink[0]:
        old.sink[0].close()
    at = phase.call("xyte.services.update_record", "resume_at", state, bool(old))
    log.info("update", "%s %s into %s, from byte %d" % (now["kind"], now["version"], now["slot"], at))
    return at, sinks.of(state.chip, now, at).park()


def take(state, now, download, buf):
    """Write the rest of the answer under way. Returns True when that was the end, False when more has to be asked for.

    Raises LinkError, CommandError, StoreError.
    """
    if not download.stream and not _find_stream(download, buf):
        return False
    sink = sinks.of(state.chip, now, 0, download.sink)
    try:
        return _pump(state, download, sink, buf)
    except OSError as e:  # of the flash
        state.chip.keys.set_int(AT_KEY, 0)  # first: a restart meanwhile must not go on behind what is gone
        sink.abandon()
        raise CommandError("it cannot be written: %r" % e)
    finally:
        download.sink = sink.park()


def _find_stream(download, buf):
    """The payload is the file itself; or unpacked, when it is gzip. False: too little of it is here to tell."""
    if _fill(download, buf, len(_GZIP)) is None:
        return False
    first = bytes(buf[: download.filled])
    if first[:1] in (b"<", b"{"):
        raise CommandError("the server sent a page in place of the file")
    if first == _GZIP:
        from xyte.services.unpack import Unpacked  # few are packed

        download.filled, download.stream = 0, Unpacked(download, first)
        _fill(download, buf, 1)  # that takes 7 KiB, 4 of them in one piece: before the code of the sink comes
        return True
    if download.total not in (-1, download.size):
        raise CommandError("the file has %d bytes, %d were announced" % (download.total, download.size))
    download.stream = download
    return True


def _pump(state, download, sink, buf):
    while download.left:
        wanted = min(len(buf), download.left)
        got = _fill(download, buf, wanted)
        state.chip.feed()
        if download.filled < wanted:
            if got is None:
                return False
            written = download.size - download.left
            raise CommandError("the file is too short: %d of %d bytes" % (written + download.filled, download.size))
        sink.take(buf, wanted)
        download.filled, download.left = 0, download.left - wanted
        # A gzip stream cannot be entered in its middle, so no such place is kept of it.
        if download.stream is download and sink.safe - download.safe >= _CHECKPOINT:
            state.chip.keys.set_int(AT_KEY, sink.safe)
            download.safe = sink.safe
    if _fill(download, buf, 1) is None:
        return False
    if download.filled:
        raise CommandError("the file is longer than %d bytes" % download.size)
    download.drop()
    sink.finish()
    return True


def _fill(download, buf, wanted):
    """Read until `wanted` bytes of the payload wait in buf. Raises LinkError, CommandError.

    Returns 0 when the payload has ended before that, None when more has to be asked for.
    """
    stream, got = download.stream or download, 1
    try:
        while got and download.filled < wanted:
            have = download.filled
            got = stream.readinto(buf if wanted == len(buf) and not have else memoryview(buf)[have:wanted])
            download.filled = have + (got or 0)
    except (EOFError, OSError) as e:  # of the unpacking: the network's own are LinkErrors
        raise CommandError("the packed file is damaged: %r" % e)
    return got
