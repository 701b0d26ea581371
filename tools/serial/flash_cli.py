"""The command `python -m tools flash`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from esptool import FatalError

from tools import failures
from tools.serial import combined, flasher
from tools.serial.port import PortError, add_port

HELP = ("write MicroPython to a chip: bootloader, partition table and application from MicroPython's combined .bin "
        "(OTA variant). NVS and the file system stay, and with them identity, settings and files, unless erased.")


def configure(parser: argparse.ArgumentParser) -> None:
    add_port(parser)
    parser.add_argument("--micropython", required=True, type=Path, metavar="FILE",
                        help="the combined .bin, from micropython.org or firmware/")
    parser.add_argument("--erase", action="store_true", help="erase the whole flash first: identity and files are gone")
    parser.add_argument("--baud", type=int, default=460800, metavar="N", help="while writing (default: 460800)")
    parser.add_argument("--dry-run", action="store_true", help="check file and chip, write nothing")


@failures.told("flash", PortError, flasher.FlashError, FatalError)
def run(args: argparse.Namespace) -> int:
    """0 when it is written, 1 with the reason when not."""
    try:
        image = combined.parse(args.micropython.read_bytes())
    except (OSError, combined.CombinedError) as error:
        print(f"flash: {args.micropython}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 1
    print(f"{args.micropython.name}: for {image.chip}, checked", flush=True)
    with flasher.in_download_mode(args.port, args.baud) as chip:
        flasher.check(chip, image, args.erase)
        if args.dry_run:
            print(*[f"would write  {part}" for part in image.parts], sep="\n")
        else:
            print("erasing all first" if args.erase else "NVS and the file system stay", flush=True)
            flasher.write(chip, image, args.erase, print)
    print("not restarted: press EN" if not flasher.has_buttons(args.port) else "restarted")
    return 0
