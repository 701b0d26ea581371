"""The power is cut at every write to flash and at every call: effects happen at most once, and are told truthfully."""

from fakes.chip import Fuse
from fakes.desk import Desk


class Effects:
    """The user's command `act`: counts what it did, and may lose power before and after."""

    def __init__(self, fuse):
        self.count, self.fuse = 0, fuse

    def prepare(self, agent):
        @agent.command("act")
        def act(params, progress):
            progress("at it")
            self.fuse.burn()
            self.count += 1
            self.fuse.burn()
            return "acted"


def registered(effects):
    """A device that has registered and reported, with the fuse not yet in place."""
    desk = Desk("cut", prepare=effects.prepare)
    desk.run(12)
    assert desk.cloud.registrations == 1 and desk.cloud.telemetries
    return desk


def life(name, blows_at):
    """One life with one command, and the power cut at the given place. Returns (fuse, desk, effects)."""
    fuse = Fuse(blows_at)
    effects = Effects(fuse)
    desk = registered(effects)
    desk.cloud.fuse = desk.keys.fuse = fuse
    desk.cloud.send("c1", name)
    desk.run(60)
    return fuse, desk, effects


def test_a_command_cut_at_every_place():
    blows_at, outcomes = 1, {}
    while True:
        fuse, desk, effects = life("act", blows_at)
        assert effects.count <= 1, blows_at
        assert len(desk.cloud.outcomes.get("c1", ())) == 1, (blows_at, desk.cloud.updates)
        status, message = desk.cloud.outcomes["c1"][0]
        outcomes[status] = outcomes.get(status, 0) + 1
        if status == "done":
            assert (effects.count, message) == (1, "acted"), blows_at
        else:
            assert "interrupted" in message or "no record" in message, (blows_at, message)
        assert desk.cloud.registrations == 1 and desk.agent._cycle.accepted
        if fuse.burnt < blows_at:
            break
        assert desk.boots == 2, blows_at
        blows_at += 1
    assert blows_at > 15 and outcomes["failed"] > 3 and outcomes["done"] > 3, (blows_at, outcomes)


def test_a_reboot_cut_at_every_place():
    blows_at = 1
    while True:
        fuse, desk, _ = life("reboot", blows_at)
        assert desk.boots >= 2, blows_at
        assert len(desk.cloud.outcomes.get("c1", ())) == 1, (blows_at, desk.cloud.updates)
        status, message = desk.cloud.outcomes["c1"][0]
        assert status == "done" and "restarted" in message, (blows_at, status, message)
        if fuse.burnt < blows_at:
            assert desk.boots == 2
            break
        assert desk.boots <= 3, "the command may restart the board once"
        blows_at += 1
    assert blows_at > 10


def test_registration_cut_at_every_place():
    blows_at, lost = 1, 0
    while True:
        desk = Desk("cut")
        fuse = desk.cloud.fuse = desk.keys.fuse = Fuse(blows_at)
        desk.run(40)
        cloud = desk.cloud
        assert cloud.registrations == 1, "never a second identity"
        if not cloud.telemetries:  # cut between the cloud's answer and the first copy: no device can help that
            lost += 1
            assert "identity" not in desk.keys.values
            cloud.devices.clear()  # an operator deletes it
            desk.run(2000)
            assert cloud.registrations == 2
        assert cloud.telemetries, blows_at
        if fuse.burnt < blows_at:
            break
        blows_at += 1
    assert blows_at > 8 and lost == 1, (blows_at, lost)
