"""The agent's face: decorators, notify, crashes, Ctrl-C, bad settings, the boot counter, and secrets in the log."""

import builtins
import json

from fakes.chip import Restarted
from fakes.cloud import REGISTER, TELEMETRY
from fakes.desk import SETTINGS, Desk, running
from fakes.server import response
from xyte.services import crash_note, files


def last(desk):
    return desk.cloud.telemetries[-1]


def test_vitals_and_facts():
    desk = Desk("agent")
    desk.run(15)
    first = desk.cloud.telemetries[0]["telemetries"]
    for name in ("agent_version", "version", "reset_cause", "uptime_s", "heap_used", "connections", "rssi"):
        assert name in first, name
    assert "last_crash" not in first
    asked = json.loads(desk.server.requests[0][3])
    assert asked["hardware_key"] == "hardware-secret" and asked["sn"] == "S1"
    assert asked["mac"] == "02:00:5e:10:00:7f" and asked["firmware_version"]
    assert "authorization" not in desk.server.requests[0][2]


def test_serial_number_from_the_mac():
    settings = dict(SETTINGS)
    del settings["sn"]
    desk = Desk("agent", settings=settings)
    desk.run(3)
    assert json.loads(desk.server.requests[0][3])["sn"] == "02005e10007f"


def test_notify_sends_at_once_and_reads_all_once():
    reads = []

    def prepare(agent):
        @agent.sensor("door", every=1000, deadband=0)
        def door():
            reads.append(1)
            return len(reads)

    desk = Desk("agent", prepare=prepare)
    desk.run(15)
    before, read = len(desk.cloud.telemetries), len(reads)
    desk.agent.notify()
    desk.run(1)
    assert len(desk.cloud.telemetries) == before + 1 and len(reads) == read + 1
    assert last(desk)["telemetries"]["door"] == read + 1


def test_a_sensor_without_a_period_is_read_once_for_each_message():
    reads = []

    def prepare(agent):
        @agent.sensor("each")
        def each():
            reads.append(1)
            return 1

    desk = Desk("agent", prepare=prepare)
    desk.run(100)
    assert len(reads) == len(desk.cloud.telemetries)


def test_names_taken():
    agent = Desk("agent").start()
    agent.command("x")(len)
    agent.sensor("y")(len)
    for again in (
        lambda: agent.command("x")(len),
        lambda: agent.command("reboot")(len),
        lambda: agent.sensor("y")(len),
        lambda: agent.sensor("uptime_s")(len),
        lambda: agent.sensor("status")(len),
    ):
        try:
            again()
        except ValueError:
            continue
        raise AssertionError("a name twice")


def test_slips_in_main_are_named_at_once():
    agent = Desk("agent").start()
    for kind, word, slip in (
        (TypeError, '@agent.sensor("', lambda: agent.sensor(len)),
        (TypeError, '@agent.command("', lambda: agent.command(len)),
        (TypeError, '@agent.command("', lambda: agent.command(5)),
        (TypeError, "deadband", lambda: agent.sensor("a", deadband="0.5")),
        (TypeError, "every", lambda: agent.sensor("a", every="60")),
        (ValueError, "deadband", lambda: agent.sensor("a", deadband=-1)),
        (ValueError, "deadband", lambda: agent.sensor("a", deadband=float("nan"))),
        (ValueError, "every", lambda: agent.sensor("a", every=-60)),
    ):
        try:
            slip()
        except kind as e:
            assert word in str(e), str(e)
        else:
            raise AssertionError(word)


def test_one_parameter_needed_may_be_written_as_its_name():
    desk = Desk("agent", prepare=lambda agent: agent.command("relay", needs=("on"))(lambda params, progress: "ok"))
    desk.run(15)
    desk.cloud.send("1", "relay", on=1)
    desk.cloud.send("2", "relay", o=1, n=1)
    desk.run(15)
    assert desk.cloud.outcomes == {"1": [("done", "ok")], "2": [("failed", "missing parameter: on")]}


def test_a_fault_may_be_an_exception_or_nothing():
    desk = Desk("agent")
    desk.run(15)
    desk.agent.fault(OSError(5))
    desk.run(10)
    assert (last(desk)["status"], last(desk)["message"]) == ("error", str(OSError(5)))
    desk.agent.fault(None)
    desk.run(10)
    assert last(desk)["status"] == "online" and desk.boots == 1


def test_a_fault_is_shown_and_goes():
    desk = Desk("agent")
    desk.run(15)
    desk.agent.fault("door open")
    desk.run(10)
    assert (last(desk)["status"], last(desk)["message"]) == ("error", "door open")
    desk.agent.fault("")
    desk.run(10)
    assert last(desk)["status"] == "online" and "message" not in last(desk)


def test_a_crash_is_noted_restarted_reported_and_forgotten():
    desk = Desk("agent")
    desk.run(15)
    desk.agent._cycle.step = lambda: {}["bug"]
    desk.run(40)
    assert desk.boots == 2
    crashes = [message["telemetries"].get("last_crash") for message in desk.cloud.telemetries]
    told = [text for text in crashes if text]
    assert len(told) == 1 and "KeyError" in told[0]
    assert last(desk)["telemetries"].get("last_crash") is None
    assert files.read(desk.root + "/crash.txt") is None
    desk.start("HARD_RESET")
    desk.run(15)
    assert "last_crash" not in last(desk)["telemetries"]


def test_a_long_crash_note_leaves_room_for_the_sensors():
    def prepare(agent):
        for i in range(30):
            agent.sensor("room_%02d_temp" % i, every=10)(lambda: 20.5)

    desk = Desk("agent", prepare=prepare)
    desk.run(15)
    for note, text in (("kept now", "x" * 2000), ("of an earlier version", "y" * 990)):
        if note == "kept now":
            crash_note.keep(desk.chip, "agent", ValueError(text))
        else:
            files.write(desk.root + "/crash.txt", text.encode())
        before = len(desk.cloud.telemetries)
        desk.start("HARD_RESET")
        desk.run(35)
        told = {}
        for message in desk.cloud.telemetries[before:]:
            assert message["status"] == "online", message
            told.update(message["telemetries"])
        assert "room_29_temp" in told and told["last_crash"] == text[:400], note
        assert files.read(desk.root + "/crash.txt") is None


def test_a_crash_loop_is_no_flash_wear_and_no_busy_loop():
    desk = Desk("agent")
    desk.run(15)
    desk.cloud.says[TELEMETRY] = response(500)

    def prepare(agent):
        agent.step = lambda: {}["bug"]

    desk.prepare = prepare
    desk.start()
    since, boots, writes = desk.clock.ms, desk.boots, desk.keys.writes
    try:
        while desk.boots < boots + 10:
            desk.agent.run()
    except Restarted:
        pass
    assert desk.clock.ms - since >= 5000 and desk.keys.writes == writes


def test_a_watchdog_reset_is_told():
    desk = Desk("agent")
    desk.run(15)
    desk.start("WDT_RESET")
    desk.run(5)
    assert "watchdog" in last(desk)["telemetries"]["last_crash"]


def test_ctrl_c_gives_the_console_and_lets_the_watchdog_go():
    desk = Desk("agent")
    desk.run(15)
    fine = desk.clock.sleep_ms
    desk.clock.sleep_ms = interrupt
    assert desk.agent.run() is None and desk.chip.released
    desk.clock.sleep_ms = fine
    before = len(desk.cloud.telemetries)
    desk.run(30)
    assert len(desk.cloud.telemetries) >= before + 2 and desk.boots == 1


def interrupt(ms):
    raise KeyboardInterrupt


def test_bad_settings_keep_trying_without_a_reset():
    desk = Desk("agent", settings={"sn": "no key"})
    desk.run(100)
    assert desk.boots == 1 and not desk.server.streams
    files.write(desk.root + "/settings.json", json.dumps(SETTINGS).encode())
    desk.run(30)
    assert desk.cloud.telemetries and desk.boots == 1


def test_no_settings_at_all():
    desk = Desk("agent", settings=None)
    desk.run(100)
    assert desk.boots == 1 and not desk.server.streams
    assert desk.chip.fed > 100, "the watchdog is fed"


def test_the_boot_counter_is_cleared_by_an_accepted_telemetry():
    desk = Desk("agent")
    desk.cloud.says[REGISTER] = response(500)
    desk.run(100)
    assert desk.chip.boots.count == 1
    desk.cloud.says.clear()
    desk.run(100)
    assert desk.chip.boots.count == 0


def test_the_boot_counter_is_cleared_by_five_minutes_without_a_cloud():
    desk = Desk("agent")
    desk.server.down = True
    desk.run(299)
    assert desk.chip.boots.count == 1
    desk.run(5)
    assert desk.chip.boots.count == 0


def test_a_wanted_restart_does_not_count():
    desk = Desk("agent")
    desk.run(15)
    desk.chip.boots.count = 3
    chip = desk.chip
    desk.cloud.send("c", "reboot")
    desk.run(40)
    assert desk.boots == 2 and chip.boots.count == 0


def test_the_watchdog_is_fed_all_the_time():
    desk = Desk("agent")
    desk.run(60)
    desk.cloud.says[TELEMETRY] = b""  # silence: the whole deadline passes
    desk.run(120)
    assert desk.chip.fed and desk.chip.hungry_ms <= 1100


def test_no_secret_in_the_log_of_a_whole_life():
    lines, leaks, real = [0], [], builtins.print
    settings = dict(SETTINGS)
    settings["log_level"] = "debug"
    settings["telemetry_interval_s"] = 60
    settings["wifi"] = [{"ssid": "net", "key": "wifi-secret"}]
    secrets = ("hardware-secret", "secret-key-1", "secret-key-2", "wifi-secret")

    def prepare(agent):
        @agent.sensor("leak")
        def leak():
            raise ValueError("hardware-secret")

        @agent.command("leak")
        def leak_too(params, progress):
            progress("secret-key-1 " + params["text"])
            raise OSError("wifi-secret")

    def listen(*words):
        lines[0] += 1
        for word in words:
            for secret in secrets:
                if secret in str(word):
                    leaks.append(word)

    builtins.print = listen
    try:
        desk = Desk("agent", prepare=prepare, settings=settings)
        desk.run(20)
        desk.cloud.send("c", "leak", text="hardware-secret")
        for says in (
            response(401, {"error": "bad key secret-key-1"}),
            response(500, b"secret-key-1"),
            b"secret-key-1 nonsense\r\n\r\n",
            response(200, b"hardware-secret"),
        ):
            desk.cloud.says[TELEMETRY] = says
            desk.run(150)
            desk.cloud.says.clear()
            desk.run(300)
            for record in (desk.server.requests, desk.cloud.telemetries, desk.cloud.calls):
                record.clear()  # what they hold would fill a small heap
        desk.cloud.devices.clear()
        desk.run(400)
        desk.agent._cycle.step = lambda: {}["secret-key-2"]
        desk.run(60)
    finally:
        builtins.print = real
    assert lines[0] > 30 and desk.cloud.registrations == 2
    assert leaks == []


def test_connections_are_counted_and_told_when_there_is_a_new_one():
    desk = running("connections")
    told = [body["telemetries"].get("connections") for body in desk.cloud.telemetries]
    assert told == [1, 2], "to the entry host, then to the hub"
    desk.run(30)
    desk.server.hang_up()
    desk.run(30)
    told = [body["telemetries"].get("connections") for body in desk.cloud.telemetries[2:]]
    assert [value for value in told if value is not None] == [3] == [desk.agent._state.http.opened], told


def test_the_boot_counter_is_cleared_by_five_minutes_without_a_network():
    desk = Desk("agent")
    desk.start()
    desk.chip.link.is_up = False
    desk.run(305)
    assert desk.chip.boots.count == 0


def test_a_crash_is_forgotten_however_late_the_cloud_hears_of_it():
    desk = Desk("agent")
    desk.run(15)
    desk.agent._cycle.step = lambda: {}["bug"]
    desk.server.down = True
    desk.run(400)
    assert desk.boots == 2 and files.read(desk.root + "/crash.txt")
    desk.server.down = False
    desk.run(400)
    assert "KeyError" in str([message["telemetries"].get("last_crash") for message in desk.cloud.telemetries])
    assert files.read(desk.root + "/crash.txt") is None


def test_ctrl_c_in_the_pause_after_a_crash_lets_the_watchdog_go_too():
    desk = Desk("agent")
    desk.run(15)
    desk.agent._cycle.step = lambda: {}["bug"]
    desk.clock.sleep_ms = interrupt
    assert desk.agent.run() is None and desk.chip.released


def test_a_step_within_a_step_runs_nothing_twice():
    runs = []

    def prepare(agent):
        @agent.command("wait")
        def wait(params, progress):
            runs.append(1)
            agent.step()

    desk = Desk("agent", prepare=prepare)
    desk.run(15)
    desk.cloud.send("c1", "wait")
    desk.run(60)
    assert runs == [1] and desk.boots == 1
    status, message = desk.cloud.outcomes["c1"][0]
    assert status == "failed" and "step()" in message
    before = len(desk.cloud.telemetries)
    desk.run(30)
    assert len(desk.cloud.telemetries) >= before + 2, "and it goes on"


def test_a_notice_without_a_link_is_no_busy_loop():
    desk = running("notice")
    desk.chip.link.is_up = False
    desk.agent.notify()
    fed, ms = desk.chip.fed, desk.clock.ms
    desk.run(60)
    assert desk.clock.ms - ms >= 60000 and desk.chip.fed - fed <= 1300
    told = len(desk.cloud.telemetries)
    desk.chip.link.is_up = True
    desk.run(1)
    assert len(desk.cloud.telemetries) == told + 1
