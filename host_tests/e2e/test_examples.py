"""Each example of firmware/examples as it stands: on the virtual board, with its sensor wired up, to the cloud."""

import re

import payloads
import pytest
from rig import SPEED, Powered, firmware, the_device, told
from update_bench import HEAP, Bench

from device_code import examples
from plugged import Plugged
from tools.board.virtual import VirtualBoard
from tools.cloud import defaults
from tools.serial import deploy, repl
from tools.update.application import application

BUTTON, RELAY, DATA, SOIL, BATTERY = 0, 2, 4, 34, 35  # the pins that the examples name
A_PROBE, ANOTHER = bytes.fromhex("28010203040506"), bytes.fromhex("28010203040507")
A_KEY, ANOTHER_KEY = "temperature_280102030405069e", "temperature_28010203040507c0"
OF_ITSELF = {"agent_version", "version", "reset_cause", "uptime_s", "heap_used", "rssi"}


def source(name):
    return next(path for path in examples() if path.parent.name == name).read_text()


class Device:
    """A fresh board with this main.py, as its cloud sees it."""

    def __init__(self, cloud, folder, main, **options):
        self.cloud, self.sn = cloud, f"EXAMPLE {folder.parent.name}"
        self.board = VirtualBoard.create(
            folder, entry_url=cloud.https, ca=cloud.ca.read_bytes(), hardware_key=defaults.HARDWARE_KEY, sn=self.sn,
            main=main.encode(), firmware=firmware(), speed=SPEED,
            settings={"telemetry_interval_s": 1, "log_level": "debug"}, **options)

    def seen(self):
        return the_device(self.cloud, self.sn)

    def until(self, **wanted):
        """Wait until the cloud knows these values; None: does not know the key. 1 and True are not the same."""
        def there():
            state = self.seen()["state"] if any(d["sn"] == self.sn for d in self.cloud.devices()) else {}
            return all(state.get(key) == value and isinstance(state.get(key), bool) == isinstance(value, bool)
                       for key, value in wanted.items())

        self.cloud.wait_for(there, 20, f"{wanted}")

    def command(self, name, **params):
        """Send a command, wait for its end; returns (status, message)."""
        sent = self.cloud.send_command(self.seen()["id"], name, params)
        self.cloud.wait_for(lambda: self.cloud.command(sent)["status"] in ("done", "failed"), 20, name)
        ended = self.cloud.command(sent)
        return ended["status"], ended["message"]


@pytest.fixture
def device(shared_cloud, tmp_path):
    return lambda main, **options: Device(shared_cloud, tmp_path / "board", main, **options)


@pytest.mark.parametrize("main", examples(), ids=lambda path: path.parent.name)
def test_each_can_be_deployed_and_sent_as_an_update(main):
    assert deploy.wanted(main.parent, with_agent=False) == {"/main.py": main.read_bytes()}
    assert application("7.8.9", main, main.parent / "lib")


def test_basic(device):
    basic = device(source("basic"))
    with Powered(basic.board) as run, basic.board.wires() as wires:
        wires.connect(BUTTON, 1)
        basic.until(chip_temperature=53, largest_block=31744, button_presses=0, relay=False)
        wires.press(BUTTON)
        basic.until(button_presses=1)
        assert wires.level(RELAY) == 0
        assert basic.command("relay", on=True) == ("done", "relay is on")
        assert wires.level(RELAY) == 1
        basic.until(relay=True)
        assert basic.command("relay", on="yes") == ("failed", "TypeError: 'on' must be true or false")
        assert basic.command("relay")[0] == "failed"
        basic.command("reboot")
        run.wait("--- boot 2")
        basic.until(relay=False, button_presses=0)


def test_the_button_does_not_wait_for_the_next_telemetry(device):
    basic = device(source("basic"))
    settings = basic.board.read_file("/settings.json").replace(b'_s": 1,', b'_s": 86400,')
    basic.board.write_file("/settings.json", settings)
    with Powered(basic.board), basic.board.wires() as wires:
        wires.connect(BUTTON, 1)
        basic.until(button_presses=0)
        wires.press(BUTTON)
        basic.until(button_presses=1)


def test_dht22(device):
    climate = device(source("dht22"))
    with Powered(climate.board) as run, climate.board.wires() as wires:
        climate.until(status="error")
        assert climate.seen()["message"].startswith("temperature: OSError ")
        assert OF_ITSELF <= climate.seen()["state"].keys() and "humidity" not in climate.seen()["state"]
        wires.dht22(DATA, -3.4, 56.7)
        climate.until(status="online", temperature=-3.4, humidity=56.7)
        wires.dht22(DATA, -3.4, 56.7, damaged=True)
        climate.until(status="error")
        assert "checksum error" in climate.seen()["message"]
        wires.dht22(DATA, 21.5, 40.1)
        climate.until(status="online", temperature=21.5, humidity=40.1)
    assert run.count("--- boot") == 1


def test_ds18b20(device):
    probes = device(source("ds18b20"))
    with probes.board.wires() as wires:
        wires.one_wire(DATA, {A_PROBE: 21.5, ANOTHER: -10.125})
        with Powered(probes.board) as run:
            probes.until(status="online", **{A_KEY: 21.5, ANOTHER_KEY: -10.125})
            wires.one_wire(DATA, {A_PROBE: 22.0})
            probes.until(status="error", **{A_KEY: 22})
            assert probes.seen()["message"] == f"{ANOTHER_KEY}: Exception CRC error"
            wires.one_wire(DATA, {A_PROBE: 85.0})
            probes.cloud.wait_for(lambda: f"{A_KEY}: ValueError no measurement" in probes.seen()["message"], 20, "85")
            wires.one_wire(DATA, {})
            probes.cloud.wait_for(lambda: f"{A_KEY}: OneWireError" in probes.seen()["message"], 20, "a dead wire")
    assert 85 not in told(probes.cloud, A_KEY) and run.count("--- boot") == 1


def test_ds18b20_with_its_wire_shorted(device):
    """What it answers then is nothing but zeros, with a checksum that is right."""
    shorted = "import _onewire\n_onewire.readbyte = lambda pin: 0\n"
    probes = device(shorted + source("ds18b20"))
    with probes.board.wires() as wires:
        wires.one_wire(DATA, {A_PROBE: 21.5})
        with Powered(probes.board):
            probes.until(status="error")
    assert probes.seen()["message"] == f"{A_KEY}: ValueError all zeros: is the data line shorted?"
    assert A_KEY not in probes.seen()["state"]


def test_ds18b20_without_a_probe(device):
    probes = device(source("ds18b20"))
    with Powered(probes.board):
        probes.until(status="error")
        assert probes.seen()["message"].startswith("no DS18B20 on GPIO 4: ")


def test_soil_is_calibrated_by_commands_and_stays_so(device):
    soil = device(source("soil"))
    with soil.board.wires() as wires:
        wires.volts(SOIL, 2.5)
        with Powered(soil.board):
            soil.until(status="error", soil_mv=2500, soil_moisture=None)
            assert soil.seen()["message"] == "not calibrated: send calibrate dry and wet"
            assert soil.command("calibrate", point="dry") == ("done", "dry is 2500 mV")
            assert soil.command("calibrate", point="wet")[1].startswith("ValueError: wet is 2500 mV: too near to the ")
            wires.volts(SOIL, 1.0)
            assert soil.command("calibrate", point="wet") == ("done", "wet is 1000 mV")
            soil.until(status="online", soil_moisture=100)
        wires.volts(SOIL, 2.1)
        with Powered(soil.board):
            soil.until(status="online", soil_mv=2100, soil_moisture=26, reset_cause="PWRON_RESET")


def test_battery_sleeps_measures_and_reports_at_last(device):
    main = re.sub(r"(?m)^SLEEP_S = .*", "SLEEP_S = 5", source("battery"))  # here nobody waits for an hour
    node = device(re.sub(r"(?m)^REPORT_EVERY = .*", "REPORT_EVERY = 3", main))

    def reports():
        path = f"/v1/devices/{node.seen()['id']}/telemetry"
        bodies = [request["body"]["telemetries"] for request in node.cloud.requests() if request["path"] == path]
        keys = ("battery_mv", "battery_lowest_mv", "reports_missed", "reset_cause")
        return [tuple(body[key] for key in keys) for body in bodies]

    with node.board.wires() as wires:
        wires.volts(BATTERY, 2.0)
        with Powered(node.board) as run:
            run.at("--- boot 2: DEEPSLEEP_RESET", lambda: wires.volts(BATTERY, 1.9))
            run.at("--- boot 3: DEEPSLEEP_RESET", lambda: wires.volts(BATTERY, 2.05))
            run.reports(2)
            before = []
            run.at("--- boot", lambda: (node.board.outage(True), before.extend(reports())))
            run.wait_for(lambda: before, "a start")
            run.wait("--- boot", times=4, after=len(run.lines))  # one of them in vain: 60 s, and to sleep again
            node.board.outage(False)
            node.cloud.wait_for(lambda: len(reports()) > len(before), 20, "a report after the outage")
            wires.volts(BATTERY, 1.5)
            run.wait("--- boot", times=5, after=len(run.lines))
        assert reports()[:2] == [(4000, 4000, 0, "PWRON_RESET"), (4100, 3800, 0, "DEEPSLEEP_RESET")]
        _, _, missed, _ = reports()[len(before)]
        assert missed > 0
        assert {boot.cause for boot in run.result.boots[1:]} == {"DEEPSLEEP_RESET"}
        assert min(told(node.cloud, "battery_mv")) > 3300, "an empty battery is spared"


def test_a_node_with_an_empty_cell_can_be_reached_after_power_up(device):
    node = device(source("battery"))
    with Plugged(node.board, speed=2) as board:
        board.wait("awake for 10 s")
        with repl.connect(board.url) as console:
            assert console.run("print(6 * 7)") == "42\n"
    assert len([line for line in board.lines if "--- boot" in line]) <= 2


def test_a_waking_node_takes_an_update_and_stays_with_it(device, tmp_path):
    main = re.sub(r"(?m)^SLEEP_S = .*", "SLEEP_S = 5", source("battery"))
    main = re.sub(r"(?m)^REPORT_EVERY = .*", "REPORT_EVERY = 1", main)
    node = device(main, heap=HEAP)
    with node.board.wires() as wires:
        wires.volts(BATTERY, 2.0)
    with Powered(node.board) as run:
        node.until(version="1.0.0", reset_cause="DEEPSLEEP_RESET")
        update = payloads.signed(payloads.application("1.1.0", main), "1.1.0")
        sent = Bench(tmp_path, node.cloud, node.board).send(update).done(run)
        assert sent.now()["message"] == "running 1.1.0"
        node.until(version="1.1.0", reset_cause="DEEPSLEEP_RESET")
    assert "no telemetry" not in "\n".join(run.lines)
