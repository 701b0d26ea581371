"""What the device does with the cloud, step by step: register, report, follow what the answer asks for, wait.

`step` does at most one exchange's worth of work and says how long nothing is due. It never sleeps.
"""

from micropython import const
from xyte import log
from xyte.core import answers
from xyte.core.backoff import Backoff
from xyte.core.revocation import Revocation
from xyte.errors import LinkError, RefusedError, SettingsError, StoreError, UntrustedError

_FIRST_MS = const(2000)
_TELEMETRY_CAP_MS = const(300000)
_REGISTRATION_CAP_MS = const(900000)
_LONGEST_PAUSE_S = const(3600)  # a Retry-After beyond this is not believed
_FORGIVABLE = (LinkError, RefusedError, SettingsError, StoreError)


class Cycle:
    """The parts come ready made: see agent.py, which wires them. chip: for its clock and its random source.

    rare: gives the parts that most cycles do without: `journal`, executor(), registrar(), offered(); see wiring.py.
    interval_ms: between two telemetries. accepted, failed: counts of telemetries taken and of calls that went wrong.
    """

    def __init__(self, chip, cloud, vault, telemetry, timekeeper, rare):
        clock, below = chip.clock, chip.below
        self._clock, self._cloud, self._vault, self._link = clock, cloud, vault, chip.link
        self._telemetry, self._timekeeper, self._rare = telemetry, timekeeper, rare
        self.interval_ms = 60000
        self._telemetry_wait = Backoff(_FIRST_MS, _TELEMETRY_CAP_MS, below)
        self._registration_wait = Backoff(_FIRST_MS, _REGISTRATION_CAP_MS, below)
        self._command_wait = Backoff(_FIRST_MS, _TELEMETRY_CAP_MS, below)
        self._revocation = Revocation(clock.ticks_diff)
        self._due_ms = clock.after_ms(self._telemetry_wait.spread_ms())
        self._commands_due_ms = clock.ticks_ms()
        self._look_for_command = True  # once after every start: a command may have been in flight
        self._in_use = None
        self._troubled = False  # the last step ended in a failure
        self.accepted = self.failed = 0

    def report_now(self):
        """Send a telemetry at the next step; but a pause after a failure stands."""
        if not self._troubled:
            self._due_ms = self._clock.ticks_ms()

    def step(self):
        """Do what is due. Returns milliseconds until something is due again."""
        now = self._clock.ticks_ms()
        left = self._clock.left_ms(self._due_ms)
        # Further away than any pause: the ticks have wrapped while the line was down for days.
        if 0 < left <= max(self.interval_ms, 2 * _LONGEST_PAUSE_S * 1000):
            return left
        self._troubled = False
        try:
            if self._vault.current is None:
                wait = self._register()
            else:
                wait = self._report(now)
        except _FORGIVABLE as e:
            registering = self._vault.current is None
            wait = self._consequence(e, self._registration_wait if registering else self._telemetry_wait)
        self._due_ms = self._clock.after_ms(wait)
        return wait

    def _register(self):
        if self._rare.registrar().register():
            self._rare.registered()
            self._registration_wait.reset()
        self._telemetry.override = self._look_for_command = True
        return 0

    def _report(self, now):
        if self._in_use is not self._vault.current:
            self._cloud.use(self._vault.current)
            self._in_use = self._vault.current
        self._telemetry.read_for_message(now)
        self._telemetry.compose(self._cloud.out, self._timekeeper.trusted)
        reply = self._cloud.report(not self._timekeeper.trusted)
        self._telemetry.accepted()
        self._known()
        if self._vault.unsaved:
            self._vault.save_again()
        if self._rare.unsettled:
            self._rare.settle_with_cloud()
        if reply is not None:
            self._timekeeper.hear(self._cloud.date)
        if self._look_for_command or (reply is not None and answers.asks_for_command(reply)):
            self._look_for_command = True
            self._commands()
        elif reply is not None:
            self._rare.offered(answers.newest_file(reply))
            self._cloud.quiet()
        return max(0, self.interval_ms + self._clock.left_ms(now))

    def _commands(self):
        """Trouble with commands has a pause of its own: it must not hold up telemetry."""
        if self._clock.left_ms(self._commands_due_ms) > 0:
            return
        try:
            owes = self._rare.journal.owes()
            command = None if owes else self._cloud.command()
            if command or owes:
                self._rare.executor().drain(command)
            self._look_for_command = False
            self._command_wait.reset()
        except _FORGIVABLE as e:
            self._commands_due_ms = self._clock.after_ms(self._consequence(e, self._command_wait))

    def _known(self):
        """The hub has taken a telemetry over a verified connection."""
        self.accepted += 1
        self._link.heard()
        self._telemetry_wait.reset()
        self._registration_wait.reset()
        self._revocation.clear()
        if log.enabled(log.DEBUG):
            log.debug("cloud", "telemetry %d accepted" % self.accepted)

    def _consequence(self, error, wait):
        """The one place that decides what a failure means. Returns the pause in ms before the next try."""
        self.failed += 1
        self._troubled = True
        if isinstance(error, RefusedError):
            self._link.heard()
            return self._refused(error, wait)
        if isinstance(error, (SettingsError, StoreError)):
            log.error("cloud", error)
        elif isinstance(error, UntrustedError):
            log.error("cloud", "not trusted, nothing was sent: %s" % error)
        else:
            log.warning("cloud", error)
            self._link.failed(error)
        return wait.after_failure_ms()

    def _refused(self, error, wait):
        least = min(error.retry_after_s, _LONGEST_PAUSE_S) * 1000
        log.warning("cloud", "refused: %s" % error)
        if self._vault.current is None:
            if error.status == 422:  # only an operator can change that, and not this minute
                least = max(least, _REGISTRATION_CAP_MS // 2)
            return wait.after_failure_ms(least)
        if self._revocation.refused(error.status, self._clock.ticks_ms()):
            log.error("cloud", "not known there any more: registering anew")
            self._revocation.clear()
            try:
                self._vault.park()
            except StoreError as e:
                log.error("identity", e)
        return wait.after_failure_ms(max(least, self._revocation.pause_ms(error.status)))
