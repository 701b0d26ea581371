"""The bytes of an update: a canonical tar for applications, and gzip around either kind.

The tar is canonical so that a board can make the very same bytes again from the files in its slot and hash what
is on flash. It is what Python's `tarfile.USTAR_FORMAT` writes for `TarInfo(path)` with mode 0o644, regular files
only, sorted by path, and exactly two zero blocks at the end. A header block, by offset and length in bytes:

      0 100  path, relative, "/" between parts, at most 100 bytes, padded with NUL
    100   8  "0000644\\0"                 108 8  "0000000\\0" owner       116 8  "0000000\\0" group
    124  12  size, "%011o\\0"             136 12 "00000000000\\0" time
    148   8  sum of the block's bytes, these eight taken as spaces, "%06o\\0 "
    156   1  "0"                         157 100 NUL
    257   8  "ustar\\0" "00"              265 247 NUL: names of owner and group, device numbers, prefix

The content follows, padded with NUL to whole blocks of 512 bytes.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping

GZIP_MAGIC = b"\x1f\x8b"
LARGEST = 16 * 1024 * 1024  # bytes of an unpacked payload; no ESP32 has more flash to put it in

_BLOCK = 512
_LONGEST_PATH = 100
_WINDOW_BITS = 12  # 4 KiB, all that a board sets aside to unpack with
_GZIP = 16  # added to the window bits: zlib's way to ask for a gzip header, which has no time in it
_FEED = 64


class PayloadError(ValueError):
    """The data is no payload that a board would take; the text says why."""


def tar(files: Mapping[str, bytes]) -> bytes:
    """A canonical tar of `files`: path -> content. Raises PayloadError for a path it cannot hold."""
    out = io.BytesIO()
    for path in sorted(files, key=str.encode):
        out.write(_header(path, len(files[path])))
        out.write(files[path] + bytes(-len(files[path]) % _BLOCK))
    out.write(bytes(2 * _BLOCK))
    return out.getvalue()


def files_in(data: bytes) -> dict[str, bytes]:
    """The files of a canonical tar, by path. Raises PayloadError for anything that is not exactly one."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            found = {member.name: member for member in archive}
            files = {path: _content(archive, member) for path, member in found.items()}
    except tarfile.TarError as error:
        raise PayloadError(f"not an application: {error}") from None
    again = tar(files)
    if not data.startswith(again):
        raise PayloadError("not an application as `build app` makes it: other order, owners, times or kinds of files")
    if len(data) != len(again):
        raise PayloadError(f"not an application: {len(data) - len(again)} bytes follow its end")
    return files


def compress(payload: bytes) -> bytes:
    """`payload` as gzip, with a window that a board can unpack in. Same input, same bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP + _WINDOW_BITS)
    return packer.compress(payload) + packer.flush()


def uncompressed(data: bytes) -> bytes:
    """The payload itself, whether it comes as gzip or not; raises PayloadError for gzip that a board cannot unpack."""
    if not data.startswith(GZIP_MAGIC):
        return data
    out = bytearray()
    for piece in _unpacked(data):
        out += piece
        if len(out) > LARGEST:
            raise PayloadError(f"unpacks to more than {LARGEST} bytes")
    return bytes(out)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Byte by byte: only so does zlib notice what reaches further back than the window, as a board would."""
    unpacker = zlib.decompressobj(_GZIP + _WINDOW_BITS)
    try:
        for start in range(0, len(data), _FEED):
            rest = data[start : start + _FEED]
            while rest and not unpacker.eof:
                yield unpacker.decompress(rest, 1)
                rest = unpacker.unconsumed_tail
        while piece := unpacker.decompress(b"", 1):
            yield piece
    except zlib.error as error:
        if "too far back" in str(error):
            raise PayloadError("packed with a window above 4 KiB: pack it with --gzip of `build`") from None
        raise PayloadError(f"damaged gzip: {error}") from None
    if not unpacker.eof:
        raise PayloadError("truncated: the gzip stream has no end")


def _header(path: str, size: int) -> bytes:
    parts = path.split("/")
    if not path.isascii() or len(path) > _LONGEST_PATH:
        raise PayloadError(f"{path}: a path has at most {_LONGEST_PATH} characters, all of them ASCII")
    if any(part in ("", ".", "..") for part in parts):
        raise PayloadError(f"{path}: a path is relative and stays below its folder")
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.USTAR_FORMAT)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:
        raise PayloadError(f"not an application: {member.name} is no regular file")
    data = file.read()
    if len(data) != member.size:
        raise PayloadError(f"truncated: {member.name} has {len(data)} of {member.size} bytes")
    return data
