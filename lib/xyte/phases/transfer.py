"""The part of an update that writes: fetch, prove, switch. What is imported here stays meanwhile, so that is little.

To ask for bytes takes as much code as to write them, so the two take turns.
"""

from micropython import const
from xyte import log, phase
from xyte.core import update_rules
from xyte.errors import CommandError, LinkError
from xyte.services.download import Download

_BLOCK_BYTES = const(4096)  # a flash sector
_PIECE_BYTES = const(1024)  # of a file
_MOST_TRIES = const(3)  # at a file that changes meanwhile


def carry_out(state):
    """Do what the update record says is next, up to the restart into the trial. Raises CommandError, StoreError.

    After a CommandError the record is gone.
    """
    now = phase.call("xyte.services.update_record", "read", state.chip.keys)
    wanted = now["state"] == update_rules.FETCH
    try:
        if wanted:
            phase.call("xyte.services.update_signature", "check", state, now)
        # Not before: a signature takes numbers of 768 bytes.
        buf = bytearray(_BLOCK_BYTES if now["kind"] == update_rules.FIRMWARE else _PIECE_BYTES)
        if wanted:
            _fetch(state, now, buf)
        phase.call("xyte.services.update_switch", "prove", state, buf)
        phase.call("xyte.services.update_switch", "switch", state)
    except CommandError:
        phase.call("xyte.services.update_switch", "give_up", state)
        raise


def _fetch(state, now, buf):
    """Bring the payload into the spare slot, over lost connections, and over files that change meanwhile."""
    tell, download = _log if now["command"] is None else _report, None
    for _ in range(_MOST_TRIES):
        at, sink = phase.call("xyte.services.update_fetch", "begin", state, now, download)
        download = Download(now["url"], now["size"], at, now["etag"], sink)
        changed = _bring(state, now, download, buf, tell)
        if not changed:
            return
        log.warning("update", "starting again from zero: " + changed)
    raise CommandError("started from zero too often: " + changed)


def _bring(state, now, download, buf, tell):
    """Returns "", or why it cannot go on from where it is."""
    told = download.tenths()
    while True:
        try:
            if phase.call("xyte.services.update_fetch", "take", state, now, download, buf):
                return ""
            done = download.tenths()
            if done > told:  # now that the connection is free
                told = done
                if not tell(state, "%d0 %% of %s" % (done, now["version"])):
                    raise CommandError("withdrawn by the operator")
            changed = phase.call("xyte.services.ranges", "ask", state, download)
            if changed:
                return changed
            if download.etag != now["etag"]:
                now["etag"] = download.etag
                phase.call("xyte.services.update_record", "note_etag", state, download.etag)
        except LinkError as e:
            phase.call("xyte.services.ranges", "failed", state, download, e)


def _report(state, message):
    """How far it is, to the operator. False: nobody wants it any more."""
    return phase.call("xyte.services.progress", "tell", state, message)


def _log(_state, message):
    """The same, of an update that nobody commanded."""
    log.info("update", message)
    return True
