"""The command `python -m tools provision`."""

from __future__ import annotations

import argparse
import shlex
import threading
from pathlib import Path
from typing import Self

from tools import failures
from tools.labels import sheet
from tools.labels.drawing import Label
from tools.labels.folder import LabelFolder
from tools.options import setting
from tools.provision import authorities, codes, entering, line, rows
from tools.provision.audit import AuditLog
from tools.provision.matching import Matching
from tools.provision.order import Order
from tools.provision.problem import ProvisionError
from tools.provision.work import Device, Work
from tools.update import signing

HELP = "make connected boards devices: settings, certificates, keys, labels; from a list, many at once"
_ENTRY = "https://entry.xyte.io"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", type=Path, metavar="CSV", help="columns: sn, and any of mac, cloud_id, name, sub_model")
    parser.add_argument("--ports", nargs="+", default=[line.ALL], metavar="PORT",
                        help="serial ports, any URL that pyserial takes; all: every USB port (default)")
    parser.add_argument("--log", type=Path, metavar="FILE",
                        help="audit log; says what is finished (default: beside the list, .audit.jsonl)")
    _configure_settings(parser)
    _configure_labels(parser)
    who = parser.add_argument_group("which boards")
    who.add_argument("--release", nargs="+", default=[], metavar="SN", help="rows of failed boards that are given up")
    who.add_argument("--even-registered", action="store_true",
                     help="new settings for registered and finished boards; their identity stays")
    who.add_argument("--relabel", action="store_true",
                     help="boards of another list become new devices, unless registered; their old labels are void")


def _configure_settings(parser: argparse.ArgumentParser) -> None:
    of_all = parser.add_argument_group("settings of every board", f"secrets are read from the environment "
                                       f"({entering.HARDWARE_KEY}, {entering.WIFI_KEY}) or asked for, never options")
    of_all.add_argument("--ca", action="append", default=[], metavar="NAME|FILE",
                        help='CA of the cloud: a file, or a name on Mozilla\'s list as "ISRG Root X1"; up to 4')
    of_all.add_argument("--entry", default=_ENTRY, metavar="URL", help=f"where devices register (default: {_ENTRY})")
    network = of_all.add_mutually_exclusive_group()
    network.add_argument("--wifi", metavar="SSID", help="the network the boards join")
    network.add_argument("--wifi-file", type=Path, metavar="JSON", help="several, best first; readable for you only")
    of_all.add_argument("--update-key", action="append", default=[], type=Path, metavar="PUB",
                        help="public key that updates must be signed with; up to 4")
    of_all.add_argument("--set", action="append", default=[], type=setting, metavar="KEY=VALUE",
                        help="another setting; VALUE is JSON, or else text")


def _configure_labels(parser: argparse.ArgumentParser) -> None:
    labels = parser.add_argument_group("labels")
    labels.add_argument("--labels", type=Path, metavar="DIR", help="write an SVG for each board, and a PDF sheet")
    labels.add_argument("--portal", metavar="DOMAIN", help="your customers' domain, as cloud.example.com: claim QR")
    labels.add_argument("--short-code", default="", metavar="CODE",
                        help="of the Partner Portal; begins the Cloud IDs that are made up for rows without one")


@failures.told("provision", ProvisionError, signing.KeyFileError, OSError)
def run(args: argparse.Namespace) -> int:
    """0 when every board is finished; 1 with the reasons when not."""
    codes.check_short_code(args.short_code)
    work_list = rows.read(args.list, args.short_code)
    _check_labels(args, work_list)
    where = line.ports(args.ports)
    order = _order(args)
    with line.ended_once(), AuditLog(args.log or args.list.with_suffix(".audit.jsonl")) as log:
        matching = Matching(work_list, log, args.release, args.even_registered, args.relabel)
        for text in matching.kept_rows():
            print(text)
        with Labels(args.labels, args.portal) as labels:
            verdicts = line.run(where, Work(order, matching, log, args.short_code, labels.add).do)
            print(f"\n{line.summary(verdicts)}")
            print(f"{matching.left()} of {len(work_list)} rows of the list are left")
            if not args.labels and any(verdict.made for verdict in verdicts):
                print("labels with their set-up passwords: "
                      f"`python -m tools labels --ports {shlex.join(args.ports)} --out labels`")
    return int(not all(verdict.ok for verdict in verdicts))


class Labels:
    """The labels of a run, and at its end, however it ends, their sheet; none when there is no folder.

    `add` may be called from any thread.
    """

    def __init__(self, folder: Path | None, portal: str | None):
        self._folder = LabelFolder(folder) if folder else None
        self._portal = portal or ""
        self._labels: list[Label] = []
        self._lock = threading.Lock()

    def add(self, device: Device) -> None:
        """Keep the device's label on disk now: what is on it is nowhere else but on the board."""
        if self._folder:
            label = Label(device.sn, device.mac, codes.claim(self._portal, device.cloud_id), device.name,
                          device.setup_password)
            with self._lock:
                self._folder.keep(label)
                self._labels.append(label)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder and self._labels:
            path = self._folder.keep_sheet(sorted(self._labels, key=lambda label: label.sn))
            print(f"{path}: {len(self._labels)} labels; they hold passwords, keep them to yourself")
            for fault in sheet.faults(self._labels):
                print(fault)


def _order(args: argparse.Namespace) -> Order:
    networks: list[dict[str, object]] = []
    if args.wifi_file:
        networks = entering.wifi_file(args.wifi_file)
    elif args.wifi is not None:
        if not 1 <= len(entering.encoded(args.wifi, "--wifi")) <= 32:
            raise ProvisionError("--wifi: the name of a network has 1 to 32 bytes")
        key = entering.wifi_key(args.wifi)
        networks = [{"ssid": args.wifi, "key": key} if key else {"ssid": args.wifi}]
    if len({path.name for path in args.update_key}) < len(args.update_key):
        raise ProvisionError("--update-key: two files have one name, and would be one file on the board")
    for path in args.update_key:
        signing.load_public(path)  # refuses what a board could not use
    keys = {f"/keys/{path.name}": path.read_bytes() for path in args.update_key}
    return Order(args.entry, entering.hardware_key(), authorities.choose(args.ca), keys, networks, dict(args.set),
                 args.portal or "")


def _check_labels(args: argparse.Namespace, work_list: list[rows.Row]) -> None:
    """Before any board is touched. Raises ProvisionError."""
    if args.portal:
        codes.claim_address(args.portal, "")
    if not args.labels:
        return
    if not args.portal:
        raise ProvisionError("--labels needs --portal, the domain at which your customers claim devices")
    without = [row.sn for row in work_list if not row.cloud_id]
    if without and not args.short_code:
        raise ProvisionError(f"a claim QR needs a Cloud ID, and {without[0]} has none in the list: --short-code CODE "
                             "(Partner Portal, Settings) makes them up")
