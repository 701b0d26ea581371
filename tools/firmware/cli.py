"""The command `python -m tools firmware`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools import ROOT, build, failures
from tools.firmware import boards, container, manifest

HELP = "build a MicroPython image with the agent frozen in, in the vendor's container"
_KIB = 1024


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("board", nargs="?", metavar="BOARD", help="one of firmware/boards; none: list them")
    parser.add_argument("--dry-run", action="store_true", help="print the commands instead of running them")
    parser.add_argument("--engine", choices=container.ENGINES, help="(default: the first that is there)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="(default: build/firmware/BOARD)")


@failures.told("firmware", container.CannotBuild, build.BuildError, manifest.ManifestError, OSError, ValueError)
def run(args: argparse.Namespace) -> int:
    """0; 1 with the reason on stderr."""
    if args.board is None:
        return _list()
    job = container.Build(boards.load(args.board), boards.pins(),
                          (args.out or ROOT / "build" / "firmware" / args.board).resolve())
    if args.dry_run:
        print("\n".join(job.lines(args.engine or container.ENGINES[0])))
        return 0
    job.run(container.engine(args.engine))
    return _report(job)


def _list() -> int:
    pins = boards.pins()
    print(f"MicroPython {pins.micropython_tag}, ESP-IDF {pins.idf_version}, "
          f"{boards.frozen_bytes() / _KIB:.1f} KiB of bytecode of this checkout frozen in\n")
    for board in map(boards.load, boards.names()):
        print(f"  {board.name:14} {board.chip:8} {board.flash_bytes >> 20} MiB flash, slots of "
              f"{board.slot_bytes // _KIB} KiB, file system {board.file_system_bytes // _KIB} KiB")
    return 0


def _report(job: container.Build) -> int:
    """What was built, and how full the slot is; 1 when the image does not fit."""
    size, slot = job.app.stat().st_size, job.board.slot_bytes
    print(f"{job.out / 'firmware.bin'}  whole flash: for `esptool write-flash`\n"
          f"{job.app}  application image: for updates\n"
          f"{size} of {slot} bytes of the slot, {slot - size} left")
    return int(size > slot)
