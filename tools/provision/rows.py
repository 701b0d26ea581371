"""The list of devices to make: a CSV file with one row a device.

Columns: `sn` (needed), `mac` (the row is for this chip only), `cloud_id`, `name`, `sub_model`. Lengths as the agent's
settings take them; the form of a Cloud ID follows Xyte's page "Generating a Cloud ID".
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.provision.problem import ProvisionError

_LONGEST = {"sn": 128, "mac": 17, "cloud_id": 128, "name": 256, "sub_model": 128}
_CLOUD_ID = re.compile(r"[0-9A-Za-z_-]{16,}")


@dataclass(frozen=True)
class Row:
    """One device to be. mac: `aa:bb:cc:dd:ee:ff`, or empty. line: where it stands in the file."""

    sn: str
    mac: str = ""
    cloud_id: str = ""
    name: str = ""
    sub_model: str = ""
    line: int = 0


def read(path: Path) -> list[Row]:
    """The rows of a CSV file, with commas or semicolons. Raises ProvisionError, which names the line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ProvisionError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ProvisionError(f"{path}: not text in UTF-8; spreadsheets offer \"CSV UTF-8\" when saving") from None
    separator = ";" if lines and ";" in lines[0] else ","
    table = csv.DictReader(lines, delimiter=separator, skipinitialspace=True, restkey="more", restval="")
    columns = table.fieldnames or []
    if "sn" not in columns or set(columns) - _LONGEST.keys() or len(set(columns)) < len(columns):
        raise ProvisionError(f"{path}: the first line must name the columns, each once: sn, and any of mac, "
                             f"cloud_id, name, sub_model; it says {', '.join(columns) or 'nothing'}")
    try:
        rows = [_row(path, table.line_num, fields) for fields in table if any(fields.values())]
    except csv.Error as error:
        raise ProvisionError(f"{path}, line {table.line_num + 1}: {error}") from None
    if not rows:
        raise ProvisionError(f"{path}: no rows below the first line")
    for fault in _repeated(rows):
        raise ProvisionError(f"{path}: {fault}")
    return rows


def normal_mac(text: str) -> str:
    """`aa:bb:cc:dd:ee:ff` from any usual spelling. Raises ProvisionError."""
    digits = re.sub(r"[:.-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise ProvisionError(f"{text!r} is not a MAC address")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _row(path: Path, line: int, fields: dict[str, str]) -> Row:
    where = f"{path}, line {line}"
    if fields.pop("more", None):
        raise ProvisionError(f"{where}: more fields than columns")
    values = {name: value.strip() for name, value in fields.items()}
    for name, value in values.items():
        if len(value) > _LONGEST[name] or not value.isprintable():
            raise ProvisionError(f"{where}: {name} has more than {_LONGEST[name]} characters, or one nobody can print")
    if not values["sn"]:
        raise ProvisionError(f"{where}: no sn")
    if values.get("cloud_id") and not _CLOUD_ID.fullmatch(values["cloud_id"]):
        raise ProvisionError(f"{where}: a Cloud ID has 16 or more letters and digits, after the partner's short code")
    try:
        mac = normal_mac(values["mac"]) if values.get("mac") else ""
    except ProvisionError as error:
        raise ProvisionError(f"{where}: {error}") from error
    return Row(**{**values, "mac": mac, "line": line})


def _repeated(rows: Iterable[Row]) -> Iterator[str]:
    for name in ("sn", "mac", "cloud_id"):
        first: dict[str, Row] = {}
        for row in rows:
            value = getattr(row, name)
            if value and value in first:
                yield f"{name} {value} stands in line {first[value].line} and in line {row.line}"
            first[value] = row
