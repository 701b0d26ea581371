"""The steady cycle, and what it makes of outages: of the cloud, of the line, of flash."""

from fakes.cloud import GET_COMMAND, GET_FILE, REGISTER, TELEMETRY, UPDATE_COMMAND, FakeCloud
from fakes.desk import SETTINGS, Desk, gaps, identity, running
from fakes.server import response
from xyte.services import timekeeper


def test_steady():
    desk = running()
    writes = desk.keys.writes
    desk.run(600)
    assert all(9000 <= gap <= 11000 for gap in gaps(desk, TELEMETRY)[1:])
    assert len(desk.server.streams) == 2, "one connection to the entry, one to the hub, for life"
    assert desk.keys.writes == writes, "no flash write in steady state"
    assert [message.get("override") for message in desk.cloud.telemetries[:3]] == [True, None, None]
    assert desk.boots == 1


def test_a_cloud_that_is_down_is_asked_less_and_less_and_found_again_within_the_cap():
    desk = running()
    desk.cloud.says[TELEMETRY] = response(500)
    since = desk.clock.ms
    desk.run(7200)
    waits = gaps(desk, TELEMETRY, since)
    # The fake's random source gives half of the ceiling.
    assert [round(wait / 1000) for wait in waits[:8]] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert all(wait <= 151000 for wait in waits)
    desk.cloud.says.clear()
    desk.server.down = True
    desk.server.hang_up()
    desk.run(1800)
    assert desk.boots == 1
    desk.server.down = False
    before = len(desk.cloud.telemetries)
    desk.run(300)
    assert len(desk.cloud.telemetries) > before
    assert all(9000 <= gap <= 11000 for gap in gaps(desk, TELEMETRY)[-3:])


def test_an_answer_that_says_nothing_is_no_dead_link():
    """Of a balancer in front of a hub that is down, say: else the whole fleet rejoins its networks and restarts."""
    for page in (response(200, b"<html>Back soon</html>"), response(200), response(200, []), response(201, b"\0")):
        desk = running()
        desk.cloud.says[TELEMETRY] = page
        failed = desk.agent._cycle.failed
        desk.run(600)
        assert desk.agent._cycle.failed > failed + 3 and not desk.chip.link.silent
        desk.cloud.says[TELEMETRY] = response(200, b"{}")[:-1]
        desk.run(1200)
        assert desk.chip.link.silent, "one that does not come whole is"


def test_registration_waits_grow_to_their_cap():
    desk = Desk("cycle")
    desk.cloud.says[REGISTER] = response(500)
    desk.run(6 * 3600)
    waits = gaps(desk, REGISTER)
    assert waits[0] < 2000 and 400000 < waits[-1] <= 901000


def test_dead_stores_are_no_reason_to_register():
    desk = Desk("cycle")
    desk.keys.broken = True
    desk.run(120)
    assert not desk.cloud.count(REGISTER) and desk.boots == 1
    desk.keys.broken = False
    desk.run(600)
    assert desk.cloud.registrations == 1 and desk.cloud.telemetries


def test_nvs_that_dies_later_stops_no_telemetry():
    desk = running()
    desk.keys.broken = desk.keys.unreadable = True
    desk.clock.network_s = 900000000
    before = len(desk.cloud.telemetries)
    desk.run(200)
    assert len(desk.cloud.telemetries) > before + 15 and desk.boots == 1


def test_the_line_down_for_days():
    for days in (1, 7, 13, 20):
        desk = running()
        desk.chip.link.is_up = False
        for _ in range(days * 24):
            desk.agent.step()
            desk.clock.sleep_ms(3600 * 1000)
        desk.agent.step()
        desk.chip.link.is_up = True
        before = len(desk.cloud.telemetries)
        desk.run(15)
        assert len(desk.cloud.telemetries) > before, days


def test_a_server_that_hangs_up_between_telemetries():
    desk = running()
    for _ in range(10):
        before = len(desk.cloud.telemetries)
        desk.run(10)
        desk.server.hang_up()
        assert len(desk.cloud.telemetries) == before + 1
    assert desk.agent._cycle.failed == 0


def test_commands_that_fail_to_come_are_asked_for_again():
    desk = running()
    desk.cloud.send("c1", "nothing")
    desk.cloud.says[GET_COMMAND] = response(500)
    desk.run(60)
    desk.cloud.says = {UPDATE_COMMAND: response(503)}
    desk.run(60)
    desk.cloud.says = {}
    desk.run(400)
    assert desk.cloud.outcomes["c1"][0][0] == "failed"
    assert identity(desk) == "d1"


def test_every_empty_queue_while_the_flag_stays():
    for empty in (response(200, {}), response(200, b"null"), response(204), response(404, {"error": "none"})):
        desk = running()
        desk.cloud.says[TELEMETRY] = response(200, {"success": True, "command": True})
        desk.cloud.says[GET_COMMAND] = empty
        desk.run(100)
        assert desk.agent._cycle.failed == 0 and desk.cloud.count(GET_COMMAND) >= 10
        assert identity(desk) == "d1"


def test_commands_are_heard_after_weeks_without_a_restart():
    """Half the ticks' range is six days: what lies longer in the past looks as if it were to come."""
    for days in (7, 13, 20):
        desk = running()
        for _ in range(days * 24):
            desk.agent.step()
            desk.clock.sleep_ms(3600 * 1000)
            for record in (desk.server.requests, desk.cloud.telemetries, desk.cloud.calls):
                record.clear()  # what they hold would fill a small heap
        desk.cloud.send("c1", "nothing")
        desk.run(60)
        assert "c1" in desk.cloud.outcomes, days


def test_trouble_with_commands_does_not_hold_up_a_notification():
    desk = running()
    desk.cloud.send("c1", "nothing")
    desk.cloud.says[GET_COMMAND] = response(500)
    desk.run(15)
    before = len(desk.cloud.telemetries)
    assert desk.agent._cycle.failed and desk.agent._state.failures[2]
    desk.agent.notify()
    desk.run(1)
    assert len(desk.cloud.telemetries) == before + 1


def test_a_new_identity_begins_with_the_whole_state_though_nvs_fails():
    desk = running()
    desk.keys.broken = True
    desk.cloud.devices.clear()
    desk.run(300)
    assert desk.cloud.registrations == 2
    told = [message.get("override") for message in desk.cloud.telemetries[2:]]
    assert told[0] is True and told[-1] is None


def test_what_rests_while_the_line_is_down_for_days_is_due_behind_it():
    desk = Desk("offer", settings=dict(SETTINGS, follow_latest=True))
    desk.cloud.files = [{"id": "f1", "version": "9.0.0", "url": "http://localhost:1/f1", "checksum": None}]
    desk.clock.network_s = timekeeper.BUILD_S
    desk.run(60)
    assert desk.cloud.count(GET_FILE) == 1 and desk.agent._state.trusted
    desk.chip.link.is_up = False
    for _ in range(8 * 24):
        desk.agent.step()
        desk.clock.sleep_ms(3600 * 1000)
    desk.chip.link.is_up = True
    desk.clock.network_s = desk.clock.now_s() + 3600
    desk.run(60)
    assert desk.cloud.count(GET_FILE) == 2 and desk.clock.now_s() >= desk.clock.network_s


def test_a_version_that_cannot_be_told_does_not_hold_up_commands():
    """A proxy on the way may let no PUT through."""

    class Deaf(FakeCloud):
        deaf = True

        def _answer(self, method, path, headers, body):
            return b"" if method == "PUT" and self.deaf else super()._answer(method, path, headers, body)

    desk = Desk("deaf", Deaf())
    desk.run(15)
    desk.keys.set("version", b"0.9.0 0.9.0")
    desk.start("HARD_RESET")
    desk.cloud.send("c1", "nothing")
    desk.run(300)
    assert "c1" in desk.cloud.outcomes and desk.keys.get("version") == b"0.9.0 0.9.0"
    desk.cloud.deaf = False
    desk.run(60)
    assert desk.keys.get("version") != b"0.9.0 0.9.0"
