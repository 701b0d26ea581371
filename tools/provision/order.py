"""What the boards of a run get: the same for all but for the row, the Cloud ID and the set-up password."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools import claim_code
from tools.provision import codes
from tools.provision.authorities import Authority
from tools.provision.entering import encoded
from tools.provision.problem import ProvisionError
from tools.provision.rows import Row

SETTINGS = "/settings.json"
_OF_THE_ROW = {"sn", "mac", "cloud_id", "name", "sub_model", "setup_password"}
_SECRET = {"hardware_key", "wifi"}


@dataclass(frozen=True)
class Order:
    """update_keys: path on the board -> public key. wifi: networks as the settings take them. more: other settings.

    portal: the domain at which customers claim; with one, the board can show its claim code on its set-up page.
    """

    entry_url: str
    hardware_key: str = field(repr=False)
    authorities: Sequence[Authority]
    update_keys: Mapping[str, bytes]
    wifi: Sequence[Mapping[str, object]] = field(repr=False)
    more: Mapping[str, object]
    portal: str = ""

    def __post_init__(self) -> None:
        """Raises ProvisionError for settings that have their own option, a wrong URL, and https without a CA."""
        if wrong := self.more.keys() & (_OF_THE_ROW | _SECRET | {"entry_url", "ca_files", "update_keys"}):
            raise ProvisionError(f"{', '.join(sorted(wrong))}: not as a setting of your own; there is an option, a "
                                 "column or the environment for it")
        for what, value in (("--entry", self.entry_url), ("--set", self.more), ("a network", list(self.wifi))):
            encoded(json.dumps(value, ensure_ascii=False), what)
        entry = codes.split_url(self.entry_url)
        if not entry or entry.scheme not in ("https", "http") or not entry.hostname:
            raise ProvisionError(f"{self.entry_url!r} is no address to register at: give it as https://entry.xyte.io")
        if entry.scheme == "https" and not self.authorities:
            raise ProvisionError("https needs the CA that the cloud's certificate leads to: --ca NAME or --ca FILE")

    def files(self, row: Row, cloud_id: str, setup_password: str) -> dict[str, bytes]:
        """What goes onto the board, in this order: the settings come last, since they name the rest."""
        named = {authority.path: authority.data for authority in self.authorities} | dict(self.update_keys)
        if claim := codes.claim(self.portal, cloud_id):
            named[claim_code.PATH] = claim_code.board_file(claim)
        values: dict[str, object] = {
            "entry_url": self.entry_url, "hardware_key": self.hardware_key, "sn": row.sn, "mac": row.mac,
            "cloud_id": cloud_id, "name": row.name, "sub_model": row.sub_model, "setup_password": setup_password,
            "ca_files": [authority.path for authority in self.authorities], "update_keys": list(self.update_keys),
            "wifi": list(self.wifi), **self.more,
        }
        kept = {key: value for key, value in values.items() if value not in ("", [])}
        return named | {SETTINGS: json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()}
