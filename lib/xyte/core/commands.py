"""Commands as rules: which one is begun, which one is refused, and what the journal says of them.

Two rules. An effect happens at most once: the journal is on flash before anything is done, and what it knows is never
run again. A report is truthful: what the journal cannot prove is `failed`.
"""

import io
import json
from binascii import hexlify
from hashlib import sha256

from micropython import const
from xyte.core import outcome
from xyte.core.values import clip
from xyte.errors import CommandError

_NAME_BYTES = const(100)


def judge(command, journal, known, boot):
    """(choice, the journal's record of the command): RUN, REPORT or REFUSE, see `decide`.

    known: name -> names of the parameters that it must have. The record of a refused command has the reason.
    """
    choice = decide(command, journal, boot)
    if choice == outcome.REPORT:
        return choice, journal
    made = entry(command, boot)
    try:
        if choice == outcome.REFUSE:
            raise CommandError("found in progress, and no record of its start; not run")
        check(command, known)
    except CommandError as e:
        outcome.note(made, outcome.FAILED, str(e))
        choice = outcome.REFUSE
    return choice, made


def entry(command, boot):
    """The journal record of a command about to run. boot: id of this run of the agent."""
    digest = _Digest()
    try:
        json.dump(command["parameters"], digest)
    except (MemoryError, RuntimeError):  # too large, or nested too deep: no reason to fail at each start
        pass
    return {
        "id": command["id"],
        "name": clip(command["name"], _NAME_BYTES),
        "args": hexlify(digest.made.digest()[:8]).decode(),
        "phase": outcome.STARTED,
        "message": "",
        "boot": boot,
        "reported": False,
    }


class _Digest(io.IOBase):
    """What is written to it, hashed: parameters may be long, and are nowhere whole as a text."""

    def __init__(self):
        self.made = sha256()

    def write(self, data):
        self.made.update(data.encode() if isinstance(data, str) else data)
        return len(data)


def decide(command, journal, boot):
    """What to do with the command that the cloud shows, given the journal record of the last one (or None).

    RUN      it is new, or this very run of the agent has noted it but could not start it yet, or taken it over
    REPORT   the journal knows how it ended; the cloud has not heard or not understood
    REFUSE   the cloud says it was started, and nothing here says by whom: not run again, reported failed
    """
    if journal and journal["id"] == command["id"]:
        is_mine = journal["phase"] == outcome.STARTED and journal["boot"] == boot
        return outcome.RUN if is_mine else outcome.REPORT
    return outcome.REFUSE if command["status"] == "in_progress" else outcome.RUN


def check(command, known):
    """Raises CommandError, in words for the operator, when this device cannot carry the command out.

    known: name -> names of the parameters that it must have.
    """
    if command["name"] not in known:
        name = clip(command["name"], _NAME_BYTES)
        raise CommandError("unknown command '%s'; this device knows: %s" % (name, ", ".join(sorted(known))))
    if not isinstance(command["parameters"], dict):
        raise CommandError("parameters must be an object")
    missing = [name for name in known[command["name"]] if command["parameters"].get(name) is None]
    if missing:
        raise CommandError("missing parameter: " + ", ".join(missing))
