"""What a board leaves the factory with: partition table, image in ota_0, formatted file system, its files."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tools import ROOT, build
from tools import interpreter as interpreters
from tools.board import layout, power
from tools.board.clock import Clock
from tools.board.consoles import Consoles
from tools.board.control import Control
from tools.board.flash import Flash
from tools.board.process import Process
from tools.board.settings import BoardError, BoardSettings, ratio

FIRMWARE_VERSION = "0.0.0"  # of an image built without a version being asked for
_HEAP = "1024wK"  # while files are written; the board's own heap is in board.json
SETTINGS_PATH = "/settings.json"
_AIR = [("virtual-ap", "virtual-key")]  # networks, when none are named


def create(folder: Path, *, entry_url: str, hardware_key: str, sn: str, ca: bytes | None = None,
           mac: str | None = None, settings: Mapping[str, object] | None = None,
           wifi: list[tuple[str, str]] | None = None, files: Mapping[str, bytes] | None = None,
           main: bytes | None = None, firmware: bytes | None = None, agent: str = "image", force: bool = False,
           **board: object) -> None:
    """Make a board in `folder`.

    ca: PEM certificates of the cloud, stored as /ca/0.pem. mac: 12 hex digits, colons allowed; made from sn
    when missing. settings: more keys of /settings.json. wifi: (name, key) of the networks that the board
    knows and that are on the air. files: more files, by path. main: instead of the repository's main.py.
    firmware: an image for ota_0, built when missing. agent: where lib/ goes: into that "image", or onto the
    file system as compiled "files" beside a stock image, which has none. force: replace a board that is there.
    board: fields of BoardSettings.

    Raises BoardError, tools.interpreter.MissingInterpreter.
    """
    _make_room(folder, force)
    digits = normal_mac(mac) if mac else _made_up_mac(sn)
    networks = [list(pair) for pair in wifi or _AIR]
    described = BoardSettings(mac=digits, networks=networks, **board)  # type: ignore[arg-type]
    device = _device_settings(entry_url, hardware_key, sn, digits, ca is not None, networks)
    everything = {SETTINGS_PATH: json.dumps({**device, **(settings or {})}, indent=1).encode()}
    if ca is not None:
        everything["/ca/0.pem"] = ca
    everything["/main.py"] = _repository_main() if main is None else main
    if agent == "files":
        everything |= build.agent_files()
    everything |= files or {}
    image = built_firmware(FIRMWARE_VERSION, agent) if firmware is None else firmware
    _flash(folder / "flash.bin", image)
    described.save(folder)
    _provision(folder, described, iter(everything.items()))


def create_stock(folder: Path, *, mac: str | None = None, wifi: list[tuple[str, str]] | None = None,
                 firmware: bytes | None = None, force: bool = False, **board: object) -> None:
    """Make a board as MicroPython's own firmware leaves it: no agent, no settings, a blank file system.

    Arguments as `create`; the networks are on the air, but the board does not know them. Raises BoardError.
    """
    _make_room(folder, force)
    digits = normal_mac(mac) if mac else _made_up_mac(folder.name)
    networks = [list(pair) for pair in wifi or _AIR]
    described = BoardSettings(mac=digits, networks=networks, **board)  # type: ignore[arg-type]
    _flash(folder / "flash.bin", built_firmware(FIRMWARE_VERSION, "files") if firmware is None else firmware)
    described.save(folder)


def normal_mac(text: str) -> str:
    """12 lower-case hex digits. Raises BoardError."""
    digits = text.replace(":", "").replace("-", "").lower()
    try:
        if len(bytes.fromhex(digits)) == 6:
            return digits
    except ValueError:
        pass
    raise BoardError(f"{text!r} is not a MAC address: give 12 hex digits")


@functools.cache
def interpreter(arch: str) -> list[str]:
    """argv prefix of the interpreter; found once per host process."""
    return interpreters.find(arch)


def built_firmware(version: str, agent: str = "image") -> bytes:
    """An image with what is in lib/ now, or, when the agent comes as "files", without it."""
    return build.firmware(version) if agent == "image" else build.stock_firmware(version)


def _make_room(folder: Path, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise BoardError(f"{folder} is a file")
    if folder.exists() and any(folder.iterdir()):
        if not force:
            raise BoardError(f"{folder} is not empty: choose another folder, or --force to replace the board")
        if not (folder / "board.json").exists():
            raise BoardError(f"{folder} holds something else than a board: --force does not remove that")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _made_up_mac(name: str) -> str:
    """Espressif's prefix and three bytes that follow from the serial number or whatever else names the board."""
    return "24a160" + hashlib.sha256(name.encode()).hexdigest()[:6]


def _device_settings(entry_url: str, hardware_key: str, sn: str, mac: str, with_ca: bool,
                     networks: list[list[str]]) -> dict[str, object]:
    url = urlsplit(entry_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise BoardError(f"{entry_url!r} is not an http(s) URL")
    if url.scheme == "https" and not with_ca:
        raise BoardError("an https entry needs the CA that signed its certificate: --ca FILE")
    settings: dict[str, object] = {
        "entry_url": entry_url, "hardware_key": hardware_key, "sn": sn,
        "mac": ":".join(mac[i : i + 2] for i in range(0, 12, 2)),
        "wifi": [{"ssid": name, "key": key} for name, key in networks],
    }
    if with_ca:
        settings["ca_files"] = ["/ca/0.pem"]
    if url.scheme == "http":
        settings["development_hosts"] = [url.hostname]
    return settings


def _repository_main() -> bytes:
    try:
        return (ROOT / "main.py").read_bytes()
    except FileNotFoundError:
        raise BoardError("the repository has no main.py: give one with --main FILE") from None


def _flash(path: Path, image: bytes) -> None:
    Flash.create(path)
    flash = Flash(path)
    slot = layout.find(layout.LAYOUT_4MIB_OTA, "ota_0")
    if len(image) > slot.size:
        raise BoardError(f"the image of {len(image)} bytes does not fit the slot of {slot.size}")
    flash.program(layout.TABLE_ADDRESS, layout.pack(layout.LAYOUT_4MIB_OTA))
    flash.program(slot.address, image)
    flash.close()


def _provision(folder: Path, settings: BoardSettings, files: Iterator[tuple[str, bytes]]) -> None:
    flash, control = Flash(folder / "flash.bin"), Control(folder / "control.bin")
    clock = Clock(ratio(settings.speed))
    control.set_chip(mac=bytes(6), rssi=0, speed=clock.speed, factory=True)
    control.set_rtc(0, 0)
    printed: list[bytes] = []
    wake_read, wake_write = os.pipe()
    start: Callable[[], Process] = lambda: Process(
        interpreter(settings.arch), _HEAP, flash.fileno(), control, printed.append, wake_read, Consoles())
    try:
        power.provision(flash, control, clock, start, files)
    except RuntimeError as error:
        raise BoardError(f"{error}\n{b''.join(printed).decode(errors='replace')}") from error
    finally:
        os.close(wake_read)
        os.close(wake_write)
        flash.close()
        control.close()
