"""Commands: the table of what this device can do, and what becomes of a command that a restart interrupted.

Two rules. An effect happens at most once: the journal is on flash before anything is done, and what it knows is never
run again. A report is truthful: what the journal cannot prove is `failed`.
"""

import json
from binascii import hexlify
from hashlib import sha256

from xyte.core.outcome import FAILED
from xyte.core.values import clip
from xyte.errors import CommandError

STARTED = "started"
RUN, REPORT, UNKNOWN = 1, 2, 3


def entry(command, boot):
    """The journal record of a command about to run. boot: id of this run of the agent."""
    try:
        digest = sha256(json.dumps(command["parameters"]).encode()).digest()
    except (MemoryError, RuntimeError):  # too large, or nested too deep: no reason to fail at each start
        digest = b""
    return {
        "id": command["id"],
        "name": clip(command["name"], 100),
        "args": hexlify(digest[:8]).decode(),
        "phase": STARTED,
        "message": "",
        "boot": boot,
        "reported": False,
    }


def decide(command, journal, boot):
    """What to do with the command that the cloud shows, given the journal record of the last one (or None).

    RUN      it is new, or this very run of the agent has noted it but could not start it yet, or taken it over
    REPORT   the journal knows how it ended; the cloud has not heard or not understood
    UNKNOWN  the cloud says it was started, and nothing here says by whom: not run again, reported failed
    """
    if journal and journal["id"] == command["id"]:
        return RUN if journal["phase"] == STARTED and journal["boot"] == boot else REPORT
    return UNKNOWN if command["status"] == "in_progress" else RUN


def settle(journal, boot, restart, rows):
    """Give a started command that an earlier run of the agent left behind its outcome. Changes the record.

    restart: why the board restarted, e.g. "HARD_RESET". rows: name -> Row, for what the command left as evidence.
    Returns True when the record changed.
    """
    if journal["phase"] != STARTED or journal["boot"] == boot:
        return False
    row = rows.get(journal["name"])
    if row and row.after_restart:
        outcome = row.after_restart(journal, restart)
        if not outcome:
            journal["boot"] = boot  # it goes on, as this run's
            return False
        journal["phase"], journal["message"] = outcome
    else:
        journal["phase"] = FAILED
        journal["message"] = "interrupted by a restart (%s); not run again" % restart
    return True


class Row:
    """One command. run: callable(params, progress); None: it is carried out elsewhere. needs: parameters it must have.

    after_restart: callable(journal, restart) -> (DONE or FAILED, message), for commands that restart the board; None
    from it: the command is one that goes on after a restart and knows by itself how far it is.
    """

    def __init__(self, run, needs=(), after_restart=None):
        self.run, self.needs, self.after_restart = run, needs, after_restart


def check(command, rows):
    """The row that carries the command out. Raises CommandError in words for the operator when there is none."""
    row = rows.get(command["name"])
    if not row:
        raise CommandError("unknown command '%s'; this device knows: %s" % (command["name"], ", ".join(sorted(rows))))
    if not isinstance(command["parameters"], dict):
        raise CommandError("parameters must be an object")
    missing = [name for name in row.needs if command["parameters"].get(name) is None]
    if missing:
        raise CommandError("missing parameter: " + ", ".join(missing))
    return row
