"""The fields of the cloud's file form, as they go with a payload.

Xyte asks for version, checksum and signature as free text and hands them to the device unchanged; what is in them
is ours. The checksum is `sha256:<64 hex>;size=<bytes>;kind=<firmware|application>`, all of the unpacked payload.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.update.describe import APPLICATION, FIRMWARE, Description

FILE_TYPE = "firmware"  # Xyte's file family for whatever an update command may carry, applications too

_CHECKSUM = re.compile(rf"sha256:([0-9a-f]{{64}});size=([0-9]{{1,10}});kind=({FIRMWARE}|{APPLICATION})")


class FormError(ValueError):
    """A field of the form does not hold what it should; the text says which."""


@dataclass(frozen=True)
class Checksum:
    """What the field says of the unpacked payload; sha256 in hex, size in bytes."""

    sha256: str
    size: int
    kind: str

    def __str__(self) -> str:
        return f"sha256:{self.sha256};size={self.size};kind={self.kind}"


def checksum(found: Description) -> Checksum:
    return Checksum(found.sha256, found.size, found.kind)


def parse_checksum(text: str | None) -> Checksum:
    """The field's text as a Checksum; raises FormError."""
    if not text:
        raise FormError("the file has no checksum: fill the form with what `python -m tools sign` prints")
    match = _CHECKSUM.fullmatch(text)
    if match is None:
        raise FormError("the checksum is not of the form sha256:<64 hex>;size=<bytes>;kind=<kind>")
    return Checksum(match[1], int(match[2]), match[3])


def fields(found: Description, version: str, signature: str | None) -> dict[str, str | None]:
    """The form for a payload, in the cloud's names."""
    return {
        "file_type": FILE_TYPE,
        "version": version,
        "checksum": str(checksum(found)),
        "signature": signature,
    }
