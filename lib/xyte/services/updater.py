"""Carries an update out, from the command to the trial, over any number of restarts. What to do is in update_rules."""

from binascii import hexlify
from hashlib import sha256

from micropython import const
from xyte import VERSION, log
from xyte.core import signature, update_rules
from xyte.errors import CommandError, SettingsError, StoreError
from xyte.services.download import Changed, Download
from xyte.services.sinks import FolderSink, PartitionSink
from xyte.services.update_record import UpdateRecord

_CHECKPOINT = const(32768)
_BLOCK = const(4096)
_MOST_CHANGES = const(3)
_GZIP = b"\x1f\x8b"
_WINDOW_BITS = const(12)


class Updater:
    """http: Session. settings: Settings. hooks: of the application. buf: bytearray of one flash sector, 4 KiB."""

    def __init__(self, chip, http, settings, hooks, buf):
        self._chip, self._http, self._settings = chip, http, settings
        self._hooks, self._buf = hooks, buf
        self.record = UpdateRecord(chip.keys)
        self.record.load()

    def _running(self, kind):
        return VERSION if kind == update_rules.FIRMWARE else self._hooks.version

    # --- from the command to the restart

    def run(self, params, progress):
        """Returns a message when there is nothing to do; otherwise ends in a restart. Raises CommandError."""
        update = update_rules.wanted(params)
        if update["version"] == self._running(update["kind"]):
            return "already running %s" % update["version"]
        old = self.record.now
        if old and old["state"] == update_rules.TRIAL:
            raise CommandError("%s is on trial" % old["version"])
        slots = self._preflight(update, params)
        if not old or old["sha256"] != update["sha256"] or old["command"] != progress.command:
            self._begin(update, slots, progress.command)
        elif old["starts"] >= update_rules.MOST_STARTS:
            self.record.clear()
            raise CommandError("given up after %d starts" % old["starts"])
        else:
            self.record.save(starts=old["starts"] + 1, url=update["url"])
        try:
            self._fetch(slots, progress)
            self._switch(slots)
        except CommandError:
            self.record.clear()
            raise

    def _preflight(self, update, params):
        """Everything that can be known before the first byte. Returns the slots. Raises CommandError."""
        allow = params.get("allow_downgrade") is True
        update_rules.refuse_version(update["version"], self._running(update["kind"]), allow)
        if self.record.has_failed(update["sha256"]) and params.get("retry") is not True:
            raise CommandError("this %s has failed here before; send retry to repeat" % update["kind"])
        slots = self._chip.slots(update["kind"])
        slots.settled()
        self._check_signature(update, slots)
        try:
            self._settings.host(update["url"])
        except SettingsError as e:
            raise CommandError(str(e))
        for veto in self._hooks.before_update:
            reason = veto(update["kind"], update["version"])
            if reason:
                raise CommandError("not now: %s" % reason)
        return slots

    def _check_signature(self, update, slots):
        """As soon as one key is on the board, every update must be signed by the owner of one."""
        if not self._settings.update_keys:
            return
        if not update["signature"]:
            raise CommandError("the file is not signed")
        text = update_rules.signed_text(update, slots.chip)
        wanted, known = sha256(text.encode()).digest(), False
        for path in self._settings.update_keys:
            self._chip.feed()
            try:
                with open(path) as f:
                    digest = signature.opened(update["signature"], signature.modulus(f.read()))
            except ValueError:
                raise CommandError("the signature is damaged: it is not 512 characters of base64")
            if digest == wanted:
                return
            known = known or digest is not None
        if known:
            raise CommandError("the signature is for another file, version or chip than %s" % slots.chip)
        raise CommandError("the signature is not by the owner of any key on this device")

    def _begin(self, update, slots, command):
        self.record.set_safe(0)
        del update["signature"]  # it has done its work, and flash has no room for it
        self.record.save(
            state=update_rules.FETCH, command=command, slot=slots.spare,
            etag="", packed=False, starts=1, trials=0, mark=0, message="", **update
        )

    def _fetch(self, slots, progress):
        """Bring the payload into the spare slot and prove that it is there. Raises CommandError."""
        for _ in range(_MOST_CHANGES):
            try:
                sink = self._pump(slots, progress)
                break
            except Changed as e:
                log.warning("update", "starting again from zero: %s" % e)
                self.record.set_safe(0)
                self.record.save(etag="", packed=False)
        else:
            raise CommandError("the file kept changing")
        self._prove(sink)

    def _pump(self, slots, progress):
        now, buf = self.record.now, self._buf
        at = 0 if now["packed"] else self.record.safe_at()
        sink = self._sink(slots, at)
        log.info("update", "%s %s into %s, from byte %d" % (now["kind"], now["version"], now["slot"], at))
        source = Download(self._http, now["url"], self._settings.host, self._chip, at, now["etag"])
        stream = source if at else self._unpacked(source)
        left, told = now["size"] - at, at * 10 // now["size"]

        def tell():
            nonlocal told
            done = (now["size"] - left) * 10 // now["size"]
            if done > told:
                told = done
                if not progress("%d %% of %s" % (done * 10, now["version"])):
                    raise CommandError("withdrawn by the operator")

        source.between = tell  # pyright: ignore[reportAttributeAccessIssue]
        while left:
            count = _fill(stream, buf, min(_BLOCK, left))
            self._chip.feed()
            if not count:
                raise CommandError("the file is too short: %d of %d bytes" % (now["size"] - left, now["size"]))
            sink.take(buf, count)
            left -= count
            self._checkpoint(sink, source)
        if at < now["size"] and _fill(stream, buf, 1):
            raise CommandError("the file is longer than %d bytes" % now["size"])
        source.drop()
        sink.finish()
        return sink

    def _unpacked(self, source):
        """The payload as a stream: the file itself, or unpacked, when it is gzip."""
        first = source.peek(len(_GZIP))
        if first[:1] in (b"<", b"{"):
            raise CommandError("the server sent a page in place of the file")
        if first != _GZIP:
            size = self.record.now["size"]
            if source.total not in (-1, size):
                raise CommandError("the file has %d bytes, %d were announced" % (source.total, size))
            return source
        import deflate

        self.record.save(packed=True)
        return deflate.DeflateIO(source, deflate.GZIP, _WINDOW_BITS)

    def _checkpoint(self, sink, source):
        """Keep how much is safe, every 32 KiB. A gzip stream cannot be entered in its middle, so not for those."""
        now = self.record.now
        if now["packed"] or sink.safe - self.record.safe_at() < _CHECKPOINT:
            return
        if source.etag != now["etag"]:
            self.record.save(etag=source.etag)
        self.record.set_safe(sink.safe)

    def _sink(self, slots, at):
        now = self.record.now
        if now["kind"] == update_rules.APPLICATION:
            return FolderSink(self._chip.root + slots.spare, now["size"], at, self._buf)
        return PartitionSink(slots, now["size"], at, self._buf)

    def _prove(self, sink):
        """What is read back from flash must be what was signed."""
        found = hexlify(sink.digest(self._chip.feed)).decode()
        if found != self.record.now["sha256"]:
            raise CommandError("what was written does not have the announced SHA-256 (%s...)" % found[:16])

    # --- the boot choice, and after it

    def _switch(self, slots):
        """Change the boot choice, once, and restart into the trial. Raises CommandError."""
        trials = self.record.now["trials"] + 1
        self.record.save(state=update_rules.SWITCH, mark=slots.mark(), trials=trials)
        slots.switch()
        log.info("update", "restarting into %s for trial %d" % (self.record.now["slot"], trials))
        self._chip.boots.clear()
        self._chip.reset()
        raise CommandError("the board did not restart")

    def after_restart(self, command, cause, crash):
        """What became of the update that a restart interrupted. crash: the crash note that was found, or "".

        command: id of the one that asked for it, None for an update that nobody commanded.
        Returns (good, message) when it is over, None when it goes on: by a trial under way or by the command again.
        """
        now = self.record.now
        if not now or now["command"] != command:
            if cause == update_rules.POWER_LOSS:
                return None  # it had not begun, and nothing is wrong with it: it begins now
            return False, "interrupted by a restart (%s) before it began" % cause
        slots = self._chip.slots(now["kind"])
        switched = now["state"] == update_rules.TRIAL or slots.switched(now["mark"])
        choice = update_rules.after_restart(now, cause, slots.running == now["slot"], switched)
        if choice == update_rules.ROLLED_BACK:
            reason = now["message"] or crash or "restarted before it was confirmed (%s)" % cause
            slots.forget()
            self.record.remember_failure()
            self.record.clear()
            old = self._running(now["kind"])
            return False, "%s failed its trial, %s runs again: %s" % (now["version"], old, reason)
        if choice in (update_rules.SWITCH_NOW, update_rules.TRY_AGAIN):
            return self._switch_again(slots)
        if choice == update_rules.ON_TRIAL and now["state"] != update_rules.TRIAL:
            self.record.save(state=update_rules.TRIAL)
        return None

    def _switch_again(self, slots):
        """The power went just before or during the trial: if the slot still holds what was signed, into it (again)."""
        try:
            self._prove(self._sink(slots, self.record.now["size"]))
            self._switch(slots)
        except (CommandError, StoreError) as e:
            self.record.clear()
            return False, str(e)


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
