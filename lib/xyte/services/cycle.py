"""What the device does with the cloud, step by step: register, report, follow what the answer asks for, wait.

`step` does at most one exchange's worth of work and says how long nothing is due. It never sleeps. The steady cycle is
here; all that most cycles do without is in phases.
"""

from micropython import const
from xyte import log, phase
from xyte.errors import LinkError, RefusedError, SettingsError, StoreError
from xyte.services.telemetry import report

_FIRST_MS = const(2000)  # the first try is spread, so that a power cut in a street is not a stampede
_LONGEST_PAUSE_MS = const(7200000)  # an hour that was asked for, and our own
_MOST_COMMANDS = const(8)  # at once; then a telemetry is due
_FORGIVABLE = (LinkError, RefusedError, SettingsError, StoreError)
_TELEMETRY, _REGISTRATION, _COMMAND = 0, 1, 2  # kinds of call, see phases/trouble.py


class Cycle:
    """state: State, with its settings and cloud. accepted, failed: counts of telemetries taken and of calls gone wrong.
    """

    def __init__(self, state, telemetry):
        self._state, self._telemetry, self._clock = state, telemetry, state.chip.clock
        self._interval_ms = state.settings.telemetry_interval_s * 1000
        self._due_ms = self._clock.after_ms(state.chip.below(_FIRST_MS + 1))
        self._commands_due_ms = None  # ticks until which commands rest after a failure
        self._look_for_command = True  # once after every start: a command may have been in flight
        self._in_use = None
        self._troubled = False  # the last step ended in a failure that holds up telemetry
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
        if 0 < left <= max(self._interval_ms, _LONGEST_PAUSE_MS):
            return left
        self._troubled = False
        kind = _TELEMETRY if self._state.identity else _REGISTRATION
        try:
            wait = self._report(now) if kind == _TELEMETRY else self._register()
        except _FORGIVABLE as e:
            wait = self._trouble(e, kind)
        self._due_ms = self._clock.after_ms(wait)
        return wait

    def _register(self):
        self._telemetry.override = self._look_for_command = True  # first: flash may fail after the cloud has agreed
        phase.call("xyte.phases.registration", "register", self._state)
        return 0

    def _report(self, now):
        state, cloud = self._state, self._state.cloud
        if self._in_use is not state.identity:
            cloud.use(state.identity)
            self._in_use = state.identity
        self._telemetry.read(now, True)
        self._telemetry.compose(cloud.out, state.trusted)
        reply = report(cloud, not state.trusted)
        self._telemetry.accepted()
        self._known()
        if state.unsaved:
            phase.call("xyte.phases.registration", "save", state)
        if state.unsettled and phase.call("xyte.phases.settlement", "settle", state):
            reply = None
        if cloud.date and not state.trusted:
            phase.call("xyte.services.timekeeper", "hear", state, cloud.date)
        if self._look_for_command or (reply is not None and reply.get("command") is True):
            self._look_for_command = True
            self._commands()
        elif reply is not None:
            cloud.sieve.quiet()
        if reply is not None and state.settings.follow_latest and not self._look_for_command:
            phase.call("xyte.phases.offer", "hear", state, reply)
        return max(0, self._interval_ms + self._clock.left_ms(now))

    def _commands(self):
        """Trouble with commands has a pause of its own: it must not hold up telemetry."""
        if self._commands_due_ms is not None and 0 < self._clock.left_ms(self._commands_due_ms) <= _LONGEST_PAUSE_MS:
            return
        self._commands_due_ms = None  # or days later it would look as if it were to come
        try:
            for _ in range(_MOST_COMMANDS):
                command = phase.call("xyte.phases.obedience", "next_command", self._state)
                if not command:
                    self._look_for_command = False
                    break
                phase.call("xyte.phases.errand", "carry_out", self._state, command)
            self._state.failures[_COMMAND] = 0
        except _FORGIVABLE as e:
            self._commands_due_ms = self._clock.after_ms(self._trouble(e, _COMMAND))

    def _known(self):
        """The hub has taken a telemetry over a verified connection."""
        self.accepted += 1
        state = self._state
        state.chip.link.heard()
        state.failures[_TELEMETRY] = state.failures[_REGISTRATION] = 0
        for i in range(len(state.refusals)):
            state.refusals[i] = 0
        if log.enabled(log.DEBUG):
            log.debug("cloud", "telemetry %d accepted" % self.accepted)

    def _trouble(self, error, kind):
        """Returns the pause in ms before the next try."""
        self.failed += 1
        self._troubled = kind != _COMMAND
        return phase.call("xyte.phases.trouble", "pause_ms", self._state, error, kind)
