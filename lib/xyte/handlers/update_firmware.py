"""The command `update_firmware`: download, verify, try, and keep or go back. The work is services/updater.py's."""

from xyte.core.commands import DONE, FAILED, Row


def row(updater, crash):
    """updater: callable that gives the Updater. crash: callable that gives the crash note of this start, or ""."""

    def after_restart(journal, cause):
        outcome = updater().after_restart(journal["id"], cause, crash())
        if outcome is None:
            return None  # not over: a trial is under way, or the download goes on
        good, message = outcome
        return (DONE if good else FAILED), message

    def run(params, progress):
        return updater().run(params, progress)

    return Row(run, ("url",), after_restart)
