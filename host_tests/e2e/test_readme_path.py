"""A stranger's way from a bare chip to a device in the cloud: the commands of the README, run as they stand there."""

import json
import re
import shlex
import subprocess
import sys
import threading
import time

import httpx
import pytest

from combined_image import combined_bin
from plugged import Plugged
from tools import ROOT
from tools.board.flash import Flash
from tools.board.virtual import VirtualBoard
from tools.cloud import defaults

IMAGE = "ESP32_GENERIC-OTA.bin"
SECRETS = {"XYTE_HARDWARE_KEY": defaults.HARDWARE_KEY, "XYTE_WIFI_KEY": "virtual-key"}
PROGRAMS = ["cloud", "flash", "deploy", "printf", "provision", "doctor", "monitor", "curl"]
SPEED, A_MOMENT = 20, 5  # seconds of a log, more than one telemetry apart on this board


def commands(heading):
    """The indented lines below a heading of the README, continued ones joined."""
    text = (ROOT / "README.md").read_text()
    section = re.search(rf"^## {heading}$(.*?)^## ", text, re.MULTILINE | re.DOTALL)[1].replace("\\\n", " ")
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


class Stranger:
    """Types the commands, with this test's port, addresses and network in place of the README's."""

    def __init__(self, folder, port):
        self._folder, self._cloud = folder, None
        self._own = {"/dev/ttyUSB0": port, "my-network": "virtual-ap", "--for 10": f"--for {A_MOMENT}"}
        self._environment = {"PYTHONPATH": str(ROOT), "PATH": "", **SECRETS}

    def types(self, line):
        """Run a line; returns what it printed."""
        for theirs, own in self._own.items():
            line = line.replace(theirs, own)
        if line.startswith("curl "):
            return httpx.get(shlex.split(line)[-1], trust_env=False).raise_for_status().text
        if not line.startswith("python3 "):
            subprocess.run(["/bin/sh", "-c", line], cwd=self._folder, check=True)
            return ""
        words = [sys.executable, *shlex.split(line)[1:]]
        if words[3] == "cloud":
            return self._starts_cloud(words)
        ran = subprocess.run(words, cwd=self._folder, env=self._environment, capture_output=True, text=True,
                             timeout=120, check=False, stdin=subprocess.DEVNULL)
        assert ran.returncode == 0, (line, ran.stdout[-2000:], ran.stderr[-2000:])
        return ran.stdout

    def _starts_cloud(self, words):
        words = [word.replace("192.168.1.10", "127.0.0.1") for word in words]
        self._cloud = subprocess.Popen([*words, "--http", "0", "--https", "0"], cwd=self._folder, text=True,
                                       env=self._environment, stdout=subprocess.PIPE)
        ready = self._cloud.stdout.readline()
        http, https = re.search(r"http=http://(\S+) https=https://(\S+) ", ready).groups()
        self._own |= {"192.168.1.10:8443": https, "127.0.0.1:8080": http}
        return ready

    def commands(self, name, times, **parameters):
        """As an operator: claim the only device, and command it so many times, a second apart."""
        operator = httpx.Client(base_url=f"http://{self._own['127.0.0.1:8080']}/core/v1/organization", trust_env=False,
                                headers={"Authorization": defaults.OPERATOR_KEY})
        [device] = httpx.get(f"http://{self._own['127.0.0.1:8080']}/_cloud/devices", trust_env=False).json()
        with operator:
            claim = {"space_id": defaults.SPACE_ID, "mac": device["mac"], "sn": device["sn"]}
            operator.post("devices/claim", json=claim).raise_for_status()
            command = {"name": name, "extra_params": parameters}
            for _ in range(times):
                operator.post(f"devices/{device['id']}/commands", json=command).raise_for_status()
                time.sleep(1)

    def leaves(self):
        if self._cloud:
            self._cloud.terminate()
            assert self._cloud.wait(10) == 0
            self._cloud.stdout.close()


@pytest.fixture
def bare(tmp_path):
    """A board that has never been flashed, on its cable; the folder with the download."""
    board = VirtualBoard.create_stock(tmp_path / "board")
    Flash.create(board.folder / "flash.bin")
    (tmp_path / IMAGE).write_bytes(combined_bin())
    with Plugged(board, speed=SPEED) as plugged:
        yield plugged


def test_from_a_bare_chip_to_the_cloud(bare, tmp_path):
    lines, printed = commands("Onto a real board"), {}
    assert [next(name for name in PROGRAMS if re.search(rf"(tools |^){name}\b", line)) for line in lines] == PROGRAMS
    stranger = Stranger(tmp_path, bare.rfc2217_url)
    # More than one: the first is over before a slow machine has the monitor at the port.
    say = {"text": "hello from the cloud"}
    operator = threading.Thread(target=stranger.commands, args=("say", A_MOMENT), kwargs=say)
    try:
        for name, line in zip(PROGRAMS, lines, strict=True):
            if name == "monitor":
                operator.start()
            printed[name] = stranger.types(line)
            if name == "provision":
                bare.wait("registered as")
            if name == "monitor":
                operator.join()
    finally:
        stranger.leaves()
    assert "FAIL" not in printed["doctor"] and re.search(r"\b0 of \d+ failed", printed["doctor"])
    assert "hello from the cloud" in printed["monitor"]
    [device] = json.loads(printed["curl"])
    assert (device["sn"], device["name"], device["state"]["status"]) == ("DESK-1", "On my desk", "online")
    for text in printed.values():
        assert not any(secret in text for secret in SECRETS.values())
