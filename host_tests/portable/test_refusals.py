"""What the device makes of the cloud's refusals: when its identity is given up, and when it only waits."""

from fakes.cloud import REGISTER, TELEMETRY
from fakes.desk import Desk, gaps, identity, running
from fakes.server import response
from xyte.services.vault import Vault


def test_one_stray_401_changes_nothing():
    desk = running()
    stray = [response(401, {"error": "Not authorized"})]
    desk.cloud.says[TELEMETRY] = lambda body: stray.pop() if stray else None
    desk.run(300)
    assert desk.cloud.registrations == 1 and identity(desk) == "d1"


def test_a_burst_of_401_changes_nothing():
    desk = running()
    desk.cloud.says[TELEMETRY] = response(401)
    desk.run(25)
    for _ in range(20):
        desk.agent.notify()
        desk.run(1)
    del desk.cloud.says[TELEMETRY]
    desk.run(120)
    assert desk.cloud.registrations == 1 and desk.cloud.telemetries[-1]


def test_a_deleted_device_registers_anew_after_three_answers():
    desk = running()
    desk.cloud.devices.clear()
    since = desk.clock.ms
    desk.run(300)
    assert desk.cloud.registrations == 2 and identity(desk) == "d2"
    refused = [ms for ms in desk.cloud.times(TELEMETRY) if since <= ms < desk.cloud.times(REGISTER)[-1]]
    assert len(refused) == 3
    assert all(gap >= 30000 for gap in (refused[1] - refused[0], refused[2] - refused[1]))
    assert desk.cloud.telemetries[2].get("override") is True, "a new device has no state yet"
    vault = Vault(desk.keys, desk.root)
    vault.load()
    assert vault.parked is None


def test_refused_for_a_while_and_then_already_registered():
    desk = running()
    desk.cloud.says[TELEMETRY] = response(401)
    desk.run(100)
    assert desk.agent._state.identity is None or desk.cloud.count(REGISTER) > 1
    del desk.cloud.says[TELEMETRY]
    before = len(desk.cloud.telemetries)
    desk.run(120)
    assert identity(desk) == "d1" and desk.cloud.registrations == 1, "the cloud was wrong: the parked one is back"
    assert len(desk.cloud.telemetries) > before
    desk.agent.notify()
    before = len(desk.cloud.telemetries)
    desk.run(1)
    assert len(desk.cloud.telemetries) == before + 1, "and notify is heard again"


def test_a_parked_identity_survives_a_restart():
    desk = running()
    desk.cloud.says[TELEMETRY] = response(401)
    desk.cloud.says[REGISTER] = response(500)
    desk.run(400)
    assert desk.agent._state.identity is None
    desk.start("HARD_RESET")
    desk.cloud.says.clear()
    desk.run(60)
    assert identity(desk) == "d1" and desk.cloud.registrations == 1


def test_403_429_and_5xx_never_cost_the_identity():
    for status in (400, 403, 429, 500, 502, 503):
        desk = running()
        desk.cloud.says[TELEMETRY] = response(status)
        desk.run(3600)
        assert identity(desk) == "d1" and desk.cloud.count(REGISTER) == 1, status
        assert desk.boots == 1


def test_404_needs_ten_minutes():
    desk = running()
    desk.cloud.says[TELEMETRY] = response(404, {"error": "Not found"})
    desk.run(590)
    assert desk.cloud.count(REGISTER) == 1 and identity(desk) == "d1"
    desk.cloud.devices.clear()
    desk.run(600)
    assert desk.cloud.registrations == 2


def test_retry_after_is_honoured():
    for status in (429, 503):
        desk = running()
        once = [response(status, b"", (("Retry-After", 90),))]
        desk.cloud.says[TELEMETRY] = lambda body: once.pop() if once else None  # noqa: B023 - used at once
        since = desk.clock.ms
        for _ in range(20):
            desk.run(5)
            desk.agent.notify()
        desk.run(30)
        assert gaps(desk, TELEMETRY, since)[0] >= 90000, status


def test_a_retry_after_of_years_is_not_believed():
    desk = running()
    once = [response(429, b"", (("Retry-After", 99999999),))]
    desk.cloud.says[TELEMETRY] = lambda body: once.pop() if once else None
    before = len(desk.cloud.telemetries)
    desk.run(4000)
    assert len(desk.cloud.telemetries) > before


def test_registration_refused_keeps_trying_slowly():
    desk = Desk("cycle")
    desk.cloud.says[REGISTER] = response(422, {"error": "has already been taken"})
    desk.run(4 * 3600)
    waits = gaps(desk, REGISTER)
    assert len(waits) > 5 and all(450000 <= wait <= 1351000 for wait in waits)
    assert desk.boots == 1
    desk.cloud.says.clear()
    desk.run(1400)
    assert desk.cloud.registrations == 1


def test_a_hub_that_settings_do_not_allow_gets_nothing():
    desk = Desk("cycle")
    desk.cloud.says[REGISTER] = response(201, {"id": "d1", "access_key": "k1", "hub_url": "http://stranger"})
    desk.run(600)
    assert [stream.host for stream in desk.server.streams] == ["localhost"]
    assert desk.cloud.count(REGISTER) == 1 and identity(desk) == "d1", "kept: it cannot be had a second time"
    assert not desk.cloud.count(TELEMETRY) and desk.boots == 1
