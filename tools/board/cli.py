"""`python -m tools board`: make virtual boards, run them, look into them."""

from __future__ import annotations

import argparse
import contextlib
import re
import shlex
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tools import build, failures, image, interpreter
from tools.board import inspect
from tools.board.control import OUTAGES
from tools.board.power import RunResult
from tools.board.serial_port import SerialPort
from tools.board.settings import BoardError, BoardSettings
from tools.board.virtual import VirtualBoard
from tools.options import setting, tcp_port

HELP = "make, run and look into virtual ESP32 boards"

_CONSOLE = ("With a terminal, the first Ctrl-C goes to the board and leads to its prompt, what you type goes "
            "to the board, and a second Ctrl-C within two seconds ends the run. Without one, Ctrl-C ends it.")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    commands = parser.add_subparsers(required=True, metavar="new|run|inspect|outage|wipe")
    _configure_new(commands.add_parser("new", help="make a board in an empty folder"))
    _configure_run(commands.add_parser("run", help="power it up; its console is on stdout", epilog=_CONSOLE))
    command = commands.add_parser("inspect", help="show partitions, boot records, NVS, files, resets, wear")
    command.set_defaults(act=_inspect)
    _folder(command)
    command = commands.add_parser("outage", help="take all networks off the air, or make the link deaf; while it runs")
    command.set_defaults(act=lambda args: VirtualBoard(args.folder).outage(args.state))
    _folder(command)
    command.add_argument("state", choices=OUTAGES, help="on: no network is there; dhcp, join, radio, dns: the link "
                         "looks good and nothing gets through, until the board does that")
    _configure_wipe(commands.add_parser("wipe", help="erase a part of the flash"))


@failures.told("board", BoardError, build.BuildError, image.ImageError, interpreter.MissingInterpreter, OSError)
def run(args: argparse.Namespace) -> int:
    """Do it; returns the exit status."""
    args.act(args)
    return 0


def summary(result: RunResult) -> str:
    """The last line of a run."""
    cut = ", one power cut" if result.cut else ""
    return f"--- {len(result.boots)} boots, {result.flash_operations} flash operations{cut} ---"


def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="the board's folder")


def _configure_new(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_new)
    _folder(parser)
    parser.add_argument("--stock", action="store_true",
                        help="nothing on it but MicroPython's firmware: for `tools deploy` and `tools provision`")
    parser.add_argument("--entry", metavar="URL", help="where it registers")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="PEM of the CA; an https entry needs it")
    parser.add_argument("--hardware-key", metavar="K", help="the model's key")
    parser.add_argument("--sn", metavar="S", help="serial number")
    parser.add_argument("--mac", metavar="M", help="12 hex digits (default: made up from the serial number)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", type=setting,
                        help="one more key of /settings.json; VALUE is JSON, or else a string")
    parser.add_argument("--wifi", action="append", default=[], metavar="SSID:PASSWORD", type=_network,
                        help="a network on the air that the board knows")
    parser.add_argument("--main", type=Path, metavar="FILE", help="instead of the repository's main.py")
    parser.add_argument("--files", action="append", default=[], metavar="/PATH=FILE", type=_file,
                        help="one more file on the board")
    parser.add_argument("--firmware", type=Path, metavar="FILE",
                        help="image (default: built from lib/, as version 0.0.0)")
    parser.add_argument("--arch", default="native", choices=["native", "amd64", "arm64", "i386"],
                        help="of the interpreter; i386 has the ESP32's word size")
    parser.add_argument("--heap", type=_heap, default="56wK", metavar="SIZE",
                        help="the chip's, as MicroPython's -X heapsize")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="board time per host time")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what torn operations leave")
    parser.add_argument("--portal-port", type=tcp_port, default=0, metavar="PORT",
                        help="of this machine, for port 80 of its hot spot (default: a free one, see its log)")
    parser.add_argument("--force", action="store_true", help="replace a board that is there")


def _configure_run(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=_run)
    _folder(parser)
    parser.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="wall-clock time to run")
    parser.add_argument("--cut-after", type=int, metavar="N",
                        help="power fails in the middle of flash operation N of this run, and comes back")
    parser.add_argument("--boots", type=int, metavar="N", help="stop when N boots have ended")
    parser.add_argument("--speed", type=_speed, metavar="X", help="instead of the board's own")
    parser.add_argument("--serial", type=tcp_port, metavar="PORT",
                        help="give it a serial port: TCP on 127.0.0.1, 0 for a free one; prints its URL for "
                             "mpremote and `tools deploy`")
    parser.add_argument("--download", action="store_true",
                        help="hold BOOT at power-up: esptool finds the chip in download mode")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the console to this file, too")


def _configure_wipe(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=lambda args: VirtualBoard(args.folder).wipe(args.what))
    _folder(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--nvs", dest="what", action="store_const", const="nvs", help="the key-value store")
    what.add_argument("--files", dest="what", action="store_const", const="files", help="the file system")
    what.add_argument("--flash", dest="what", action="store_const", const="flash",
                      help="everything but the partition table and the images")


def _new(args: argparse.Namespace) -> None:
    chip = {"mac": args.mac, "wifi": args.wifi, "force": args.force, "arch": args.arch, "heap": args.heap,
            "speed": args.speed, "seed": args.seed, "portal_port": args.portal_port,
            "firmware": args.firmware.read_bytes() if args.firmware else None}
    if args.stock:
        for option in ("entry", "ca", "hardware_key", "sn", "set", "main", "files"):
            if getattr(args, option):
                raise BoardError(f"--{option.replace('_', '-')}: a stock board has no files yet")
        VirtualBoard.create_stock(args.folder, **chip)
    else:
        for option in ("entry", "hardware_key", "sn"):
            if not getattr(args, option):
                raise BoardError(f"--{option.replace('_', '-')} is missing (or --stock for a board without files)")
        VirtualBoard.create(
            args.folder, entry_url=args.entry, hardware_key=args.hardware_key, sn=args.sn,
            ca=args.ca.read_bytes() if args.ca else None, settings=dict(args.set),
            files={path: source.read_bytes() for path, source in args.files},
            main=args.main.read_bytes() if args.main else None, **chip)
    print(f"{args.folder}: a board, mac {BoardSettings.load(args.folder).mac}; "
          f"start it with `python -m tools board run {shlex.quote(str(args.folder))}`")


def _run(args: argparse.Namespace) -> None:
    board = VirtualBoard(args.folder)
    console = sys.stdin.fileno() if sys.stdin.isatty() else None
    with contextlib.ExitStack() as stack:
        screen = _Screen(stack.enter_context(open(args.log, "a")) if args.log else None)
        stack.enter_context(_signals(board, console is not None))
        serial = None if args.serial is None else stack.enter_context(contextlib.closing(SerialPort(args.serial)))
        if serial:
            screen.line(f"serial={serial.url} (or {serial.rfc2217_url}, with DTR and RTS)")
        if console is not None:
            stack.enter_context(_unechoed(console))
        result = board.run(args.seconds, cut_after=args.cut_after, boots=args.boots, speed=args.speed,
                           on_line=screen.line, on_begun=None if console is None else screen.begun,
                           console_fd=console, serial=serial, download=args.download)
        screen.line(summary(result))


class _Screen:
    """Shows lines as they end, and on a terminal what is begun of one: a prompt has no end."""

    def __init__(self, log: TextIO | None):
        self._log = log
        self._shown = 0  # characters of the begun line

    def line(self, line: str) -> None:
        print(line[self._shown:], flush=True)
        self._shown = 0
        if self._log:
            print(line, file=self._log, flush=True)

    def begun(self, text: str) -> None:
        print(text[self._shown:], end="", flush=True)
        self._shown = len(text)


@contextlib.contextmanager
def _signals(board: VirtualBoard, console: bool) -> Iterator[None]:
    """What Ctrl-C does while a board runs. SIGTERM, and SIGHUP where nohup does not ignore it, are its end."""
    last = [-10.0]

    def interrupt(*_: object) -> None:
        if not console or time.monotonic() - last[0] < 2:
            board.stop()
        else:
            last[0] = time.monotonic()
            board.interrupt()

    handlers = {signal.SIGINT: interrupt, signal.SIGTERM: lambda *_: board.stop()}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        handlers[signal.SIGHUP] = handlers[signal.SIGTERM]
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _unechoed(terminal: int) -> Iterator[None]:
    """The board's prompt echoes each key itself."""
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _inspect(args: argparse.Namespace) -> None:
    for line in inspect.report(args.folder):
        print(line)



def _network(text: str) -> tuple[str, str]:
    name, _, key = text.partition(":")
    if not 0 < len(name.encode()) <= 32:
        raise argparse.ArgumentTypeError(f"{text!r}: a network's name has 1 to 32 bytes")
    return name, key


def _file(text: str) -> tuple[str, Path]:
    path, sign, source = text.partition("=")
    if not sign or not path.startswith("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is not /PATH=FILE")
    return path, Path(source)


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 1000:
        raise argparse.ArgumentTypeError("speed is from 0.01 to 1000")
    return value


def _heap(text: str) -> str:
    form = re.fullmatch(r"(\d+)w?([kKmM]?)", text)
    if not form or int(form[1]) << {"": 0, "k": 10, "m": 20}[form[2].lower()] < 16384:
        raise argparse.ArgumentTypeError(f"{text!r} is no heap that MicroPython starts in: 16K or more, as 56wK")
    return text
