"""The agent's face: `Agent`, its decorators, `step` and `run`."""

from micropython import const
from xyte import VERSION, log, phase
from xyte.errors import SettingsError, StoreError
from xyte.services.telemetry import Sensor, Telemetry
from xyte.state import State

_SLICE_MS = const(100)  # longest sleep in one piece: notify() and Ctrl-C are heard, the watchdog is fed
_NO_LINK_MS = const(250)
_NO_SETTINGS_MS = const(10000)
_LONGEST_MS = const(1000)
_LONGEST_REST_MS = const(90000000)  # of an offer; further away: the ticks have wrapped while the line was down
_CRASH_PAUSE_MS = const(5000)  # a crash loop must not be a busy one
_HEALTHY_S = const(300)  # this long without a reset is health, even with the cloud out of reach


class Agent:
    """A managed device. Settings and identity come from flash.

    version: of the application, SemVer; reported as the firmware version. http: a module with urequests' `request`
    to use in place of the agent's own HTTP client; plain http only. buffer_bytes: largest telemetry message.
    link: what looks after the network in place of Wi-Fi, see device/wired.py. chip: the hardware; a test hands in
    its own.
    """

    def __init__(self, version=VERSION, http=None, buffer_bytes=1536, link=None, chip=None):
        if chip is None:
            from xyte.device.chip import Chip  # here: only a board has these modules

            chip = Chip()
        log.configure(log.INFO, chip.clock.ticks_ms)
        # First of all the client with its buffers, the largest pieces, while the heap is still in one piece.
        self._state = State(chip, _client(chip, http, buffer_bytes), version)
        self._chip = chip
        chip.link = link or chip.link
        self._state.alone = not chip.link
        self._state.crash = phase.call("xyte.services.crash_note", "load", chip.root)
        if not self._state.crash and chip.reset_cause() == "WDT_RESET":
            self._state.crash = "watchdog: the application hung, or main.py ended without agent.run()"
        self._telemetry = Telemetry(chip.clock)
        self._cycle = None
        self._notified = self._healthy = self._stepping = False
        self._uptime_s = 0
        self._second_ms = chip.clock.ticks_ms()
        self._add_vitals()

    def _add_vitals(self):
        for name, read, deadband in (
            ("agent_version", VERSION, 0),
            ("version", self._state.version, 0),
            ("reset_cause", self._chip.reset_cause(), 0),
            ("uptime_s", lambda: self._uptime_s, None),
            ("heap_used", self._chip.heap_used, None),
            ("connections", lambda: self._state.http.opened, 0),
            ("rssi", lambda: self._chip.link.rssi(), 3),
            ("link_repairs", lambda: self._chip.link.history, 0),
        ):
            self._telemetry.add(Sensor(name, read, 0, deadband))
        if self._state.crash:  # stays in the cloud's state until the next start
            self._telemetry.add(Sensor("last_crash", self._state.crash, 0, 0))

    # --- for main.py

    def sensor(self, name, every=None, deadband=None):
        """Decorator: report what the function returns: a number of 32 bits, bool, str of up to 1000 bytes; None removes
        the key. Another value, or an exception, is told to the cloud as the telemetry's status.

        every: seconds between reads; None: once for each telemetry. deadband: leave the value out while it is no
        further than this from what the cloud knows; 0: report changes only; None: with every telemetry. Raises
        TypeError or ValueError for what cannot be one of these.
        """
        phase.call("xyte.core.declared", "sensor", name, every, deadband)

        def add(read):
            self._telemetry.add(Sensor(name, read, int((every or 0) * 1000), deadband))
            return read

        return add

    def command(self, name, needs=()):
        """Decorator: carry out the cloud's command `name` by this function of (params, progress).

        params: dict. progress: callable(text) to tell the operator how far it is. The return value, if any, is the
        message of `done`; an exception is `failed` with its text. needs: parameters without which it is not called.
        Raises ValueError when there is a command of that name.
        """
        needs = phase.call("xyte.core.declared", "command", self._state.commands, name, needs)

        def add(run):
            self._state.commands[name] = (run, needs)
            return run

        return add

    def before_update(self, ask):
        """Decorator: ask this function of (kind, version) before an update; a text from it is the reason to refuse.

        kind: "firmware" or "application"; version: a text.
        """
        self._state.before_update.append(ask)
        return ask

    def self_test(self, test):
        """Decorator: after an update, keep the new code only if this function neither raises nor returns False."""
        self._state.self_tests.append(test)
        return test

    def notify(self):
        """Something happened: read all sensors and report now. May be called from an interrupt."""
        self._notified = True

    def fault(self, text):
        """A standing fault of the device, reported as status "error"; "" when it is over."""
        self._telemetry.message = str(text or "")

    def step(self):
        """Do what is due, for loops of your own. Returns milliseconds until something is due again.

        Raises RuntimeError when a sensor or a command calls it: it would be carried out again, within itself.
        """
        if self._stepping:
            raise RuntimeError("agent.step() within agent.step()")
        self._stepping = True
        try:
            wait = self._step()
            if self._cycle and (self._state.crash or not self._healthy):
                self._prove_health()
            return wait
        finally:
            self._stepping = False

    def run(self, for_s=None, reports=None):
        """Never returns, but for Ctrl-C at the console. An exception anywhere ends in a crash note and a reset.

        for_s: stop after so many seconds. reports: stop when the cloud has taken so many telemetries, and what it asked
        for is done; but not while an update is on trial, for a chip that goes to sleep then would never fall back.
        Returns then how many it has taken.
        """
        try:
            return self._loop(for_s, reports)
        except KeyboardInterrupt:  # in the pause after a crash, too
            self._chip.clear_boots()
            self._chip.release_watchdog()
            log.warning("agent", "stopped from the console; the watchdog waits a day")

    # --- inside

    def _loop(self, for_s, reports):
        try:
            while True:
                wait = self.step()
                done = self._cycle.accepted if self._cycle else 0
                over = reports is not None and done >= reports and not self._is_offer_due()
                if (over or for_s is not None and self._uptime_s >= for_s) and self._state.trial_ms is None:
                    return done
                self._idle(wait)
        except Exception as e:
            try:
                phase.call("xyte.services.crash_note", "keep", self._chip, "agent", e)
            except MemoryError:  # no room to tell of it; the restart makes some
                pass
            self._idle(_CRASH_PAUSE_MS)
            self._chip.reset()

    def _step(self):
        self._chip.feed()
        now = self._chip.clock.ticks_ms()
        self._count_uptime(now)
        if self._cycle is None and not self._wire():
            self._notified = False  # the first report has it all
            return _NO_SETTINGS_MS
        if self._state.trial_ms is not None and self._chip.clock.left_ms(self._state.trial_ms) <= 0:
            phase.call("xyte.services.trial", "fail", self._state)
        if not self._chip.link.step():
            self._state.http.disconnect()  # a dead TLS session is 20 KiB of the chip's that the set-up page needs
            return _NO_LINK_MS
        if self._is_offer_due():
            phase.call("xyte.phases.offer", "take", self._state)
        if self._is_over(self._state.clock_ms):
            phase.call("xyte.services.timekeeper", "ask", self._state)
        if self._notified:
            self._notified = False
            self._telemetry.read_all = True
            self._cycle.report_now()
        self._telemetry.read(now)
        wait = self._cycle.step()
        return self._telemetry.next_read_ms(self._chip.clock.ticks_ms(), min(wait, _LONGEST_MS))

    def _idle(self, ms):
        while ms > 0:
            piece = min(ms, _SLICE_MS)
            self._chip.clock.sleep_ms(piece)
            self._chip.feed()
            ms = 0 if self._notified else ms - piece  # but one piece: without a link a notice waits, and so must we

    def _count_uptime(self, now):
        """In whole seconds, from tick differences: the ticks themselves wrap after twelve days."""
        seconds = self._chip.clock.ticks_diff(now, self._second_ms) // 1000
        if seconds:
            self._uptime_s += seconds
            self._second_ms = self._chip.clock.ticks_add(self._second_ms, seconds * 1000)

    def _wire(self):
        """Build the parts that need settings. False, with a line in the log, while there are no usable ones."""
        state = self._state
        try:
            phase.call("xyte.phases.start", "begin", state)
            phase.call("xyte.phases.aftermath", "settle", state)
            self._chip.start(state.settings, state.version)
        except (SettingsError, StoreError) as e:
            log.error("settings", e)
            if self._uptime_s >= _HEALTHY_S:
                phase.call("xyte.services.trial", "unsettled", state)
            return False
        # Here, for the start needs the room; and not within it, or this code would go with the start's.
        from xyte.services.cloud import Cloud
        from xyte.services.cycle import Cycle

        if state.settings.follow_latest:  # pyright: ignore[reportAttributeAccessIssue]
            self._telemetry.add(Sensor("last_update", lambda: state.last_update, 0, 0))
        state.cloud = Cloud(state.http, state.settings)  # pyright: ignore[reportAttributeAccessIssue]
        self._cycle = Cycle(state, self._telemetry)
        return True

    def _is_over(self, ticks):
        return not 0 < self._chip.clock.left_ms(ticks) <= _LONGEST_REST_MS

    def _is_offer_due(self):
        offer, entry = self._state.offer, self._state.journal[1]
        free = self._state.trial_ms is None and (not entry or entry["reported"])
        return bool(offer) and free and self._is_over(offer[2])

    def _prove_health(self):
        """Two proofs, which may lie far apart: that this code runs, and that the cloud has heard of the last crash."""
        told = self._cycle.accepted
        if not self._healthy and (told or self._uptime_s >= _HEALTHY_S):
            self._healthy = True
            self._chip.clear_boots()
        if self._state.crash and told and not self._telemetry.override:  # the first message got through
            self._state.crash = ""
            phase.call("xyte.services.crash_note", "forget", self._chip.root)


def _client(chip, module, buffer_bytes):
    """The agent's own HTTP client, or, given a module with urequests' `request`, that one in its place."""
    if module:
        from xyte.services.stock import StockSession  # here: few want it

        return StockSession(module, buffer_bytes)
    from xyte.services.http import Session

    return Session(chip.connect, chip.clock, chip.feed, buffer_bytes)
