"""What a board would say to a payload and its form fields: the first reason to refuse it, or that it takes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from tools.semver import is_semver, precedence
from tools.update import payload
from tools.update.describe import ANY_CHIP, APPLICATION, FIRMWARE, Description, chip_and_project, describe, kind_of
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
    The order is the board's: the command before a byte is fetched, the first bytes, the whole.
    """
    try:
        return _judged(data, fields, board)
    except (PayloadError, FormError) as error:
        raise Refused(str(error)) from None


def _judged(data: bytes, fields: Mapping[str, str | None] | None, board: Board) -> Description:
    if fields is None:
        found = describe(data)
        _fitting(found.kind, found.chip, found.project, board)
        _small_enough(found.kind, found.size, board)
        return found
    version = fields.get("version") or ""
    promised = _promised(fields, version, board)
    plain = payload.uncompressed(data)
    _first_bytes(plain, promised, board)
    _as_promised(plain, promised)
    found = describe(data)
    if found.kind == APPLICATION and found.version != version:
        raise Refused(f"other version: the form says {version}, the payload is {found.version}")
    return found


def _promised(fields: Mapping[str, str | None], version: str, board: Board) -> Checksum:
    """What the form says of the payload; raises Refused when that alone is reason enough."""
    promised = parse_checksum(fields.get("checksum"))
    if not is_semver(version):
        raise Refused(f"version {version!r} is not a semantic version (1.2.3)")
    if board.running is not None and not board.allow_downgrade and precedence(version) < precedence(board.running):
        raise Refused(f"downgrade: {version} is older than the running {board.running}; "
                      "the command must say allow_downgrade")
    if board.keys:
        chip = board.chip if promised.kind == FIRMWARE else ANY_CHIP
        _signed(fields.get("signature"), signed_text(promised, version, chip), board)
    _small_enough(promised.kind, promised.size, board)
    return promised


def _signed(signature: str | None, text: bytes, board: Board) -> None:
    if not signature:
        raise Refused("not signed: a board with a public key takes only what is signed")
    try:
        check(signature, text, board.keys)
    except SignatureRefused as error:
        raise Refused(f"wrong signature: {error}") from None


def _first_bytes(plain: bytes, promised: Checksum, board: Board) -> None:
    """What the board can tell from the first block, and it may be another file altogether."""
    kind = kind_of(plain)
    if kind != promised.kind:
        raise Refused(f"other kind: the form says {promised.kind}, the payload is {kind}")
    _fitting(kind, *chip_and_project(plain), board)


def _as_promised(plain: bytes, promised: Checksum) -> None:
    if len(plain) < promised.size:
        raise Refused(f"truncated: {len(plain)} of {promised.size} bytes")
    if len(plain) > promised.size:
        raise Refused(f"other length: {len(plain)} bytes instead of {promised.size}")
    if hashlib.sha256(plain).hexdigest() != promised.sha256:
        raise Refused("wrong checksum: the bytes are not those that the checksum was made of")


def _fitting(kind: str, chip: str, project: str, board: Board) -> None:
    if kind == FIRMWARE and chip != board.chip:
        raise Refused(f"wrong chip: the image is for {chip}, the board is {board.chip}")
    if kind == FIRMWARE and project != board.project:
        raise Refused(f"wrong project: the image is of {project!r}, the board runs {board.project!r}")


def _small_enough(kind: str, size: int, board: Board) -> None:
    if kind == FIRMWARE and size > board.slot_bytes:
        raise Refused(f"too large: {size} bytes, the slot has {board.slot_bytes}")
