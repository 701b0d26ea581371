"""The command `python -m tools sign`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tools import failures
from tools.semver import is_semver
from tools.update import form, signing
from tools.update.describe import APPLICATION, describe

HELP = "sign a payload: prints and writes the fields that go into the cloud's file form"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what `build` made")
    parser.add_argument("--version", required=True, help="version of the payload, SemVer")
    parser.add_argument("--key", required=True, type=Path, metavar="PEM", help="private key, of `keys new`")


@failures.told("sign", OSError, ValueError)
def run(args: argparse.Namespace) -> int:
    """0, or 1 with the reason on stderr."""
    fields = signed_fields(args.file.read_bytes(), args.version, args.key)
    out = write_fields(args.file, fields)
    for name, value in fields.items():
        print(f"{name}: {value}")
    print(f"written to {out}")
    return 0


def signed_fields(data: bytes, version: str, key: Path) -> dict[str, str | None]:
    """The form fields of a payload, signed with the private key in the file `key`.

    Raises ValueError: describe.PayloadError for what is no payload, signing.KeyFileError for the key, or a plain one
    for a version that is no SemVer or not the payload's.
    """
    if not is_semver(version):
        raise ValueError(f"version {version!r} is not a semantic version (1.2.3)")
    found = describe(data)
    # A firmware made by ESP-IDF has whatever `git describe` said in its header: only an application must agree.
    if found.kind == APPLICATION and found.version != version:
        raise ValueError(f"the application is version {found.version}, not {version}: boards would refuse it")
    text = signing.signed_text(form.checksum(found), version, found.chip)
    return form.fields(found, version, signing.sign(signing.load_private(key), text))


def fields_file(payload_file: Path) -> Path:
    """Where the form fields of a payload are kept: beside it, with .json added."""
    return payload_file.with_name(payload_file.name + ".json")


def write_fields(payload_file: Path, fields: dict[str, str | None]) -> Path:
    """Keep the form fields of a payload beside it; returns where."""
    out = fields_file(payload_file)
    out.write_text(json.dumps(fields, indent=2) + "\n")
    return out
