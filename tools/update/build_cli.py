"""The command `python -m tools build`: what goes onto boards, as files."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools import build, failures
from tools.update import payload
from tools.update.application import LIB, MAIN, application

HELP = "compile the agent, or pack an update: an application or a firmware image"


def configure(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    app = kinds.add_parser("app", help="an application as an update carries it: main.py and compiled modules")
    app.add_argument("--version", required=True, help="SemVer; also put into Agent(version=...) of main.py")
    app.add_argument("--main", type=Path, default=MAIN, metavar="FILE", help="(default: main.py of the checkout)")
    app.add_argument("--lib", type=Path, default=LIB, metavar="DIR",
                     help="folder of the application's modules; xyte in it is left out (default: lib of the checkout)")
    app.add_argument("--with-agent", action="store_true", help="take the checkout's agent along")
    image = kinds.add_parser("firmware", help="an ESP32 application image as an update carries it")
    image.add_argument("--target", choices=("virtual",), default="virtual",
                       help="virtual: agent and boot.py, for the virtual board (default)")
    image.add_argument("--version", help="version of image and agent (default: the source's)")
    for update in (app, image):
        update.add_argument("--out", required=True, type=Path, metavar="FILE", help="where to write the payload")
        update.add_argument("--gzip", action="store_true", help="pack it, with a window that boards can unpack in")
    mpy = kinds.add_parser("mpy", help="the agent's modules, linked and compiled, to copy onto a board's file system")
    mpy.add_argument("--out", required=True, type=Path, metavar="DIR",
                     help="folder for xyte/*.mpy; other files in it stay")


@failures.told("build", build.BuildError, OSError, ValueError)
def run(args: argparse.Namespace) -> int:
    """Build what was asked for; 0, or 1 with the reason on stderr."""
    if args.kind == "mpy":
        written = build.compile_linked(build.AGENT, args.out)
        print(f"{args.out}: {len(written)} modules, {sum(file.stat().st_size for file in written)} bytes")
    else:
        _write_update(args)
    return 0


def _write_update(args: argparse.Namespace) -> None:
    if args.kind == "app":
        version = args.version
        if args.lib != LIB and not args.lib.is_dir():
            raise build.BuildError(f"{args.lib}: no such folder")
        data = application(version, args.main, args.lib, args.with_agent)
    else:
        version = args.version or build.source_version()
        data = build.firmware(version)
    packed = payload.compress(data) if args.gzip else data
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(packed)
    name = "application" if args.kind == "app" else "firmware"
    unpacked = f", {len(data)} unpacked" if args.gzip else ""
    print(f"{args.out}: {name} {version}, {len(packed)} bytes{unpacked}")
