"""What outlives the phases (see phase.py): the parts that are made once, and what one phase leaves for a later one."""


class State:
    """Plain data, for whoever is handed it.

    chip, http, settings, cloud: parts for life; the last two are None until there are usable settings.
    version: of the application. crash: note of the last run's crash, or "".
    commands, before_update, self_tests: what the application hangs in; commands: name -> (run, needs).
    identity: in use, as the vault has it; None: not registered. unsaved: and it is not on flash yet.
    journal: [sequence number, entry], see services/journal.py. refused: id of the last command that was refused.
    trusted, kept_s, clock_ms: see Timekeeper. failures, refusals: see phases/trouble.py.
    alone: boot.py can bring up the network without the application, so updates are fetched by updater.py.
    trial_ms: ticks until which new code must have proven itself; None: nothing is on trial.
    offer: newer file in the cloud, see phases/offer.py. last_update: what became of an update that nobody commanded.
    unsettled: there is something to do once the cloud has taken a telemetry.
    """

    def __init__(self, chip, http=None, version=""):
        self.chip, self.http, self.version = chip, http, version
        self.settings = self.cloud = None
        self.crash = self.last_update = ""
        self.commands, self.before_update, self.self_tests = {}, [], []
        self.identity = self.refused = self.trial_ms = self.offer = None
        self.probed = self.unsaved = self.trusted = self.alone = False
        self.unsettled = True
        self.journal = [0, None]
        self.failures = bytearray(3)
        self.refusals = [0, 0, 0, 0]
        self.kept_s = 0
        self.clock_ms = chip.clock.ticks_ms()
