"""Brings an update's payload into the spare slot, over lost connections and restarts of the board."""

import gc

from micropython import const
from xyte import log
from xyte.errors import CommandError
from xyte.services import sinks
from xyte.services.download import Changed, Download
from xyte.services.update_record import UpdateRecord

_CHECKPOINT = const(32768)
_BLOCK = const(4096)
_MOST_CHANGES = const(3)
_GZIP = b"\x1f\x8b"


def fetch(state, progress, buf, room):
    """progress: callable(state, text), False from it ends the update. buf: bytearray of one flash sector, 4 KiB.

    room: list of what keeps room free for unpacking; emptied when the first bytes have told whether they are packed.

    Raises CommandError, StoreError.
    """
    record = UpdateRecord(state.chip.keys)
    record.load()
    for _ in range(_MOST_CHANGES):
        try:
            return _pump(state, record, progress, buf, room)
        except Changed as e:
            log.warning("update", "starting again from zero: %s" % e)
            record.set_safe(0)
            record.save(etag="", packed=False)
    raise CommandError("the file kept changing")


def _pump(state, record, progress, buf, room):
    now, feed = record.now, state.chip.feed
    size = now["size"]
    at = 0 if now["packed"] else record.safe_at()
    sink = sinks.of(state.chip, now, at, buf)
    log.info("update", "%s %s into %s, from byte %d" % (now["kind"], now["version"], now["slot"], at))
    source = Download(state.http, now["url"], state.settings, state.chip, at, now["etag"])
    stream = source if at else _unpacked(record, source, room)
    room.clear()
    left, told = size - at, at * 10 // size

    def tell():
        nonlocal told
        done = (size - left) * 10 // size
        if done > told:
            told = done
            if not progress(state, "%d %% of %s" % (done * 10, now["version"])):
                raise CommandError("withdrawn by the operator")

    source.between = tell  # pyright: ignore[reportAttributeAccessIssue]
    while left:
        count = _fill(stream, buf, min(_BLOCK, left))
        feed()
        if not count:
            raise CommandError("the file is too short: %d of %d bytes" % (size - left, size))
        sink.take(buf, count)
        left -= count
        _checkpoint(record, sink, source)
    if at < size and _fill(stream, buf, 1):
        raise CommandError("the file is longer than %d bytes" % size)
    source.drop()
    sink.finish()


def _unpacked(record, source, room):
    """The payload as a stream: the file itself, or unpacked, when it is gzip."""
    first = source.peek(len(_GZIP))
    if first[:1] in (b"<", b"{"):
        raise CommandError("the server sent a page in place of the file")
    if first != _GZIP:
        size = record.now["size"]
        if source.total not in (-1, size):
            raise CommandError("the file has %d bytes, %d were announced" % (source.total, size))
        return source
    from xyte.services.unpack import Unpacked  # few are packed

    record.save(packed=True)
    room.clear()
    gc.collect()  # now: what Unpacked makes comes where the room was
    return Unpacked(source)


def _checkpoint(record, sink, source):
    """Keep how much is safe, every 32 KiB. A gzip stream cannot be entered in its middle, so not for those."""
    now = record.now
    if now["packed"] or sink.safe - record.safe_at() < _CHECKPOINT:
        return
    if source.etag != now["etag"]:
        record.save(etag=source.etag)
    record.set_safe(sink.safe)


def _fill(stream, buf, wanted):
    """Read until `wanted` bytes are in buf or the stream ends. Returns how many there are. Raises CommandError."""
    count, got = 0, 1
    try:
        while got and count < wanted:
            got = stream.readinto(buf if wanted == len(buf) and not count else memoryview(buf)[count:wanted])
            count += got
    except (EOFError, OSError) as e:  # of the unpacking: the network's own are dealt with in Download
        raise CommandError("the packed file is damaged: %r" % e)
    return count
