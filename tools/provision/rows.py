"""The list of devices to make: a CSV file with one row a device.

Columns: `sn` (needed), `mac` (the row is for this chip only), `cloud_id`, `name`, `sub_model`. Lengths as the agent's
settings take them; the form of a Cloud ID follows Xyte's page "Generating a Cloud ID".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.provision import codes
from tools.provision.problem import ProvisionError

_LONGEST = {"sn": 128, "mac": 17, "cloud_id": 128, "name": 256, "sub_model": 128}
_EXCEL_SAYS = re.compile(r"sep=(.)\r?\n?")  # a first line that only names the separator


@dataclass(frozen=True)
class Row:
    """One device to be. mac: `aa:bb:cc:dd:ee:ff`, or empty. line: where it begins in the file."""

    sn: str
    mac: str = ""
    cloud_id: str = ""
    name: str = ""
    sub_model: str = ""
    line: int = 0


def read(path: Path, short_code: str = "") -> list[Row]:
    """The rows of a CSV file, with commas or semicolons. short_code: what Cloud IDs must begin with, if it is known.

    Raises ProvisionError, which names the line.
    """
    lines = _lines(path, _text(path))
    columns = [name.strip() for name in next(lines, (1, []))[1]]
    while columns and not columns[-1]:
        columns.pop()
    if "sn" not in columns or set(columns) - _LONGEST.keys() or len(set(columns)) < len(columns):
        raise ProvisionError(f"{path}: the first line must name the columns, each once: sn, and any of mac, "
                             f"cloud_id, name, sub_model; it says {', '.join(columns) or 'nothing'}")
    rows = []
    for number, fields in lines:
        values = [field.strip() for field in fields]
        if any(values):
            try:
                rows.append(_row(number, columns, values, short_code))
            except ProvisionError as error:
                raise ProvisionError(f"{path}, line {number}: {error}") from error
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


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ProvisionError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ProvisionError(f"{path}: not text in UTF-8; spreadsheets offer \"CSV UTF-8\" when saving") from None


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """(line in the file at which it begins, its fields), the column names first."""
    before, separator = 0, ";" if ";" in text.partition("\n")[0] else ","
    if said := _EXCEL_SAYS.match(text):
        before, separator, text = 1, said[1], text[said.end():]
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        number = before + table.line_num + 1
        try:
            yield number, next(table)
        except StopIteration:
            return
        except csv.Error as error:
            raise ProvisionError(f"{path}, line {number}: {error}; is a quote open?") from None


def _row(number: int, columns: list[str], fields: list[str], short_code: str) -> Row:
    """fields: without blanks around them."""
    if any(fields[len(columns):]):
        raise ProvisionError("more fields than columns")
    values = dict(zip(columns, fields, strict=False))
    for name, value in values.items():
        if len(value) > _LONGEST[name]:
            raise ProvisionError(f"{name} has more than {_LONGEST[name]} characters")
        if wrong := next((character for character in value if not character.isprintable()), ""):
            raise ProvisionError(f"{name} has a line break, or another character that cannot be printed: {wrong!a}")
    if not values.get("sn"):
        raise ProvisionError("no sn")
    if values.get("cloud_id"):
        codes.check_cloud_id(values["cloud_id"], short_code)
    return Row(**{**values, "mac": normal_mac(values["mac"]) if values.get("mac") else "", "line": number})


def _repeated(rows: Iterable[Row]) -> Iterator[str]:
    for name in ("sn", "mac", "cloud_id"):
        first: dict[str, Row] = {}
        for row in rows:
            value = getattr(row, name)
            if value and value in first:
                yield f"{name} {value} stands in line {first[value].line} and in line {row.line}"
            first[value] = row
