"""A whole device on a desk: agent, fake chip, fake cloud, and a folder for its files. Restarts as a test likes."""

import gc
import json

from fakes.chip import FakeChip, FakeClock, FakeKeys, PowerCut, Restarted
from fakes.cloud import FakeCloud
from fakes.server import FakeServer
from places import empty_folder
from xyte.agent import Agent
from xyte.services import files

SETTINGS = {
    "entry_url": "http://localhost:1",
    "development_hosts": ["localhost"],
    "hardware_key": "hardware-secret",
    "sn": "S1",
    "telemetry_interval_s": 10,
}


class Desk:
    """name: of the folder. cloud: as FakeCloud. prepare: callable(agent), adds sensors and commands at each start."""

    def __init__(self, name, cloud=None, prepare=None, settings=SETTINGS):
        self.root, self.keys, self.clock = empty_folder(name), FakeKeys(), FakeClock()
        if settings is not None:
            files.write(self.root + "/settings.json", json.dumps(settings).encode())
        self.cloud = FakeCloud() if cloud is None else cloud
        self.cloud.clock = self.clock
        self.server = FakeServer(self.cloud)
        self.prepare = prepare
        self.boots = 0
        self.agent = self.chip = None

    def start(self, cause="PWRON_RESET"):
        """Power on, or restart: a new agent on the same flash. Open connections are gone."""
        self.boots += 1
        self.server.hang_up()
        self.server.streams.clear()
        self.agent = self.chip = None
        gc.collect()  # a real restart begins with an empty heap
        self.chip = FakeChip(self.root, self.server, cause, "run%d" % self.boots, self.keys, self.clock)
        self.agent = Agent(chip=self.chip)
        if self.prepare:
            self.prepare(self.agent)
        return self.agent

    def run(self, for_s):
        """Run that long in all; a reset, a crash and a power cut start the device again. Returns the boots so far."""
        end_ms = self.clock.ms + for_s * 1000
        while self.clock.ms < end_ms:
            cause = "PWRON_RESET"
            try:
                if not self.agent:
                    self.start(cause)
                self.agent.run(for_s=self.agent._uptime_s + max(1, (end_ms - self.clock.ms) // 1000))
                break
            except Restarted:
                cause = "HARD_RESET"
            except PowerCut:
                pass
            self.start(cause)
        return self.boots


def running(name="running"):
    """A device that has registered and sent two telemetries."""
    desk = Desk(name)
    desk.run(15)
    assert desk.cloud.registrations == 1 and len(desk.cloud.telemetries) == 2
    return desk


def gaps(desk, call, since_ms=0):
    """Milliseconds between any two such calls that follow each other."""
    times = [ms for ms in desk.cloud.times(call) if ms >= since_ms]
    return [times[i + 1] - times[i] for i in range(len(times) - 1)]


def identity(desk):
    """The device id in use."""
    return desk.agent._state.identity["id"]
