"""Commands as rules: which one is begun, which one is refused, and what the journal says of them.

Two rules. An effect happens at most once: the journal is on flash before anything is done, and what it knows is never
run again. A report is truthful: what the journal cannot prove is `failed`.
"""

import io
import json
from binascii import hexlify
from hashlib import sha256

from xyte.core.outcome import STARTED
from xyte.core.values import clip
from xyte.errors import CommandError

RUN, REPORT, UNKNOWN = 1, 2, 3


def entry(command, boot):
    """The journal record of a command about to run. boot: id of this run of the agent."""
    digest = _Digest()
    try:
        json.dump(command["parameters"], digest)
    except (MemoryError, RuntimeError):  # too large, or nested too deep: no reason to fail at each start
        pass
    return {
        "id": command["id"],
        "name": clip(command["name"], 100),
        "args": hexlify(digest.made.digest()[:8]).decode(),
        "phase": STARTED,
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
    UNKNOWN  the cloud says it was started, and nothing here says by whom: not run again, reported failed
    """
    if journal and journal["id"] == command["id"]:
        return RUN if journal["phase"] == STARTED and journal["boot"] == boot else REPORT
    return UNKNOWN if command["status"] == "in_progress" else RUN


def check(command, known):
    """Raises CommandError, in words for the operator, when this device cannot carry the command out.

    known: name -> names of the parameters that it must have.
    """
    if command["name"] not in known:
        raise CommandError("unknown command '%s'; this device knows: %s" % (command["name"], ", ".join(sorted(known))))
    if not isinstance(command["parameters"], dict):
        raise CommandError("parameters must be an object")
    missing = [name for name in known[command["name"]] if command["parameters"].get(name) is None]
    if missing:
        raise CommandError("missing parameter: " + ", ".join(missing))
