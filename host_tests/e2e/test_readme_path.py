"""A stranger's way from a bare chip to a device in the cloud: the commands of the README, run as they stand there."""

import json
import re
import shlex
import subprocess
import sys

from combined_image import combined_bin
from plugged import Plugged
from tools import ROOT
from tools.board.flash import Flash
from tools.board.virtual import VirtualBoard
from tools.cloud import defaults

PORT = "/dev/ttyUSB0"
IMAGE = "ESP32_GENERIC-OTA.bin"


def commands(heading):
    """The indented lines below a heading of the README."""
    text = (ROOT / "README.md").read_text()
    section = re.search(rf"^## {heading}$(.*?)^## ", text, re.MULTILINE | re.DOTALL)[1]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


def test_from_a_bare_chip_to_the_cloud(cloud, tmp_path):
    board = VirtualBoard.create_stock(tmp_path / "b")
    Flash.create(board.folder / "flash.bin")
    (tmp_path / IMAGE).write_bytes(combined_bin())
    (tmp_path / "ca.pem").write_bytes(cloud.ca.read_bytes())
    (tmp_path / "settings.json").write_text(json.dumps({
        "entry_url": cloud.https, "hardware_key": defaults.HARDWARE_KEY, "sn": "README-1", "ca_files": ["/ca.pem"],
        "wifi": [{"ssid": "virtual-ap", "key": "virtual-key"}]}))
    lines = commands("Onto a real board")
    assert len(lines) == 4 and all(PORT in line for line in lines)
    with Plugged(board) as plugged:
        for line in lines:
            words = [word.replace(PORT, plugged.rfc2217_url) for word in shlex.split(line)]
            ran = subprocess.run([*program(words), *map(str, seconds_for_a_test(words[3:]))], cwd=tmp_path,
                                 env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True,
                                 timeout=120, check=False, stdin=subprocess.DEVNULL)
            assert ran.returncode == 0, (line, ran.stdout[-2000:], ran.stderr[-2000:])
            if "deploy" in line:
                plugged.wait("registered")
    assert "FAIL" not in ran.stdout and "0 of 15 failed" in ran.stdout
    assert [device["sn"] for device in cloud.devices()] == ["README-1"]


def program(words):
    """This test's own Python in place of the README's: same packages, same checkout."""
    assert words[:3] == ["python3", "-m", "tools"] or words[:2] == [".venv/bin/mpremote", "connect"]
    return [sys.executable, "-m", *(words[2:3] if words[1] == "-m" else ["mpremote", *words[1:3]])]


def seconds_for_a_test(words):
    """A log need not be followed for half a minute."""
    return ["2" if before == "--for" else word for before, word in zip(["", *words], words, strict=False)]
