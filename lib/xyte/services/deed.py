"""A command being carried out: its handler, and how it ends."""

from xyte import log
from xyte.core import outcome
from xyte.services.journal import Journal
from xyte.services.progress import Progress


def carry_out(run, params, journal, calls, feed):
    """Run the handler for the journal's entry, and keep the outcome there. Raises StoreError when flash did not."""
    entry = journal.entry
    outcome.of(entry, run, params, Progress(calls, entry, feed))
    _keep(journal)


def keep(state):
    """The entry has its outcome. Raises StoreError when flash did not take it."""
    _keep(Journal(state.chip.keys, state.journal))


def _keep(journal):
    entry = journal.entry
    log.info("command", "%s: %s %s" % (entry["name"], entry["phase"], entry["message"]))
    journal.save(entry)
