"""What a board would say to a payload and its form fields: the first reason to refuse it, or that it takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from tools.semver import is_semver, precedence
from tools.update import payload
from tools.update.describe import APPLICATION, FIRMWARE, Description, describe
from tools.update.form import Checksum, FormError, parse_checksum
from tools.update.payload import PayloadError
from tools.update.signing import PublicKey, SignatureRefused, check, signed_text

SLOT_BYTES = 0x180000  # of the 4 MiB layout with two slots, MicroPython's partitions-4MiB-ota.csv


class Refused(Exception):
    """The board would not install it; the text is the reason."""


@dataclass(frozen=True)
class Board:
    """The board that judges. running: its version, None = not known. keys: those it trusts; with one or more of
    them it wants a signature. project: of the running image's description. slot_bytes: room for firmware.
    """

    keys: tuple[PublicKey, ...] = ()
    running: str | None = None
    chip: str = "esp32"
    project: str = "xyte-agent"
    slot_bytes: int = SLOT_BYTES
    allow_downgrade: bool = False


def judge(data: bytes, fields: Mapping[str, str | None] | None, board: Board) -> Description:
    """What `data` is, when the board would install it; raises Refused otherwise.

    fields: of the file form (version, checksum, signature), None when only the payload itself is to be judged.
    The order is the board's: the command, the first bytes, the whole, the signature.
    """
    if fields is None:
        found = _described(data)
        _fitting(found, board)
        return found
    version = fields.get("version") or ""
    promised = _promised(fields, version, board)
    _as_promised(data, promised)
    found = _described(data)
    _fitting(found, board)
    if found.kind == APPLICATION and found.version != version:
        raise Refused(f"other version: the form says {version}, the payload is {found.version}")
    if board.keys:
        _signed(fields, signed_text(promised, version, found.chip), board)
    return found


def _promised(fields: Mapping[str, str | None], version: str, board: Board) -> Checksum:
    """What the form alone lets the board refuse, before it fetches a byte."""
    try:
        promised = parse_checksum(fields.get("checksum"))
    except FormError as error:
        raise Refused(str(error)) from None
    if not is_semver(version):
        raise Refused(f"version {version!r} is not a semantic version (1.2.3)")
    if board.running is not None and not board.allow_downgrade and precedence(version) < precedence(board.running):
        raise Refused(f"downgrade: {version} is older than the running {board.running}; "
                      "the command must say allow_downgrade")
    if board.keys and not fields.get("signature"):
        raise Refused("not signed: a board with a public key takes only what is signed")
    if promised.kind == FIRMWARE and promised.size > board.slot_bytes:
        raise Refused(f"too large: {promised.size} bytes, the slot has {board.slot_bytes}")
    return promised


def _as_promised(data: bytes, promised: Checksum) -> None:
    """Raises Refused unless these are the bytes of the checksum; when they are no payload at all, it says that."""
    try:
        plain = payload.uncompressed(data)
    except PayloadError as error:
        raise Refused(str(error)) from None
    if hashlib.sha256(plain).hexdigest() == promised.sha256 and len(plain) == promised.size:
        return
    _is_a_payload(plain)
    if len(plain) < promised.size:
        raise Refused(f"truncated: {len(plain)} of {promised.size} bytes")
    if len(plain) > promised.size:
        raise Refused(f"other length: {len(plain)} bytes instead of {promised.size}")
    raise Refused("wrong checksum: the bytes are not those that the checksum was made of")


def _is_a_payload(plain: bytes) -> None:
    """A page or a whole flash is called that, and not just a wrong checksum."""
    if plain[:1] != b"\xe9" and plain[257:262] != b"ustar":
        _described(plain)


def _described(data: bytes) -> Description:
    try:
        return describe(data)
    except PayloadError as error:
        raise Refused(str(error)) from None


def _fitting(found: Description, board: Board) -> None:
    if found.kind == APPLICATION:
        return
    if found.chip != board.chip:
        raise Refused(f"wrong chip: the image is for {found.chip}, the board is {board.chip}")
    if found.project != board.project:
        raise Refused(f"wrong project: the image is of {found.project!r}, the board runs {board.project!r}")
    if found.size > board.slot_bytes:
        raise Refused(f"too large: {found.size} bytes, the slot has {board.slot_bytes}")


def _signed(fields: Mapping[str, str | None], text: bytes, board: Board) -> None:
    try:
        check(fields.get("signature") or "", text, board.keys)
    except SignatureRefused as error:
        raise Refused(f"wrong signature: {error}") from None
