"""What `console` does to a board on the bench: tell its state, update its application, let it forget who it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from tools.serial import diagnosis
from tools.serial.repl import BoardError, Repl
from tools.update import describe, payload

_STATE = ("firmware", "chip", "partitions", "slots", "agent", "heaps", "identity", "settings")
_SLOTS = ("/slot_a", "/slot_b")


def status(repl: Repl) -> list[str]:
    """A line for each subject. Raises BoardError, PortError."""
    facts = {name: repl.call("state", name) for name in _STATE}
    facts["chip"]["reset_cause"] = repl.reset_cause
    facts["heaps"]["program"] = repl.used
    findings = [getattr(diagnosis, name)(facts[name]) for name in _STATE]
    return [f"{finding.check:11}  {finding.text}" for finding in findings]


def update(repl: Repl, file: Path, say: Callable[[str], None]) -> str:
    """Put an application (`tools build app`) into the slot that is not in use, and choose it. Returns its version.

    There is no signature and no trial: whoever holds the cable has the board in hand. boot.py still leaves a slot
    that does not stay up. Raises BoardError, PortError, OSError.
    """
    data = file.read_bytes()
    try:
        found = describe.describe(data)
        files = payload.files_in(payload.uncompressed(data)) if found.kind == describe.APPLICATION else {}
    except payload.PayloadError as error:
        raise BoardError(f"{file}: {error}") from None
    if not files:
        raise BoardError(f"{file} is firmware: let the cloud send it, or write it with `tools flash`")
    slots = repl.call("state", "slots")
    if not repl.call("state", "boot_ran"):
        raise BoardError("this board was not started by boot.py, which chooses the slot: `tools deploy` first")
    spare = 2 if slots["slot"] == 1 else 1
    folder = _SLOTS[spare - 1]
    repl.call("files", "clear", folder)
    for number, (name, content) in enumerate(files.items(), 1):
        say(f"  {number:3}/{len(files)}  {folder}/{name}  {len(content)} bytes")
        repl.call("files", "folder", f"{folder}/{name}".rpartition("/")[0])
        repl.write(f"{folder}/{name}", content)
    wanted = {f"{folder}/{name}": hashlib.sha256(content).hexdigest() for name, content in files.items()}
    if repl.call("files", "hashes", list(wanted)) != wanted:
        raise BoardError("not what was written; try again")
    repl.call("files", "choose", spare)
    return found.version


def reset_identity(repl: Repl) -> None:
    """Erase both copies and what was under way for it: the agent registers anew. Raises BoardError, PortError."""
    repl.call("state", "forget_identity")
