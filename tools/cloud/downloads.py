"""Downloads: GET /files/{id}/blob, as object storage serves it, with Range, If-Range and ETag (RFC 9110, 13 and 14).

Nobody needs a key, and whoever sends one can be seen doing so in the journal.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tools.cloud.answers import Refusal, error_answer
from tools.cloud.records import files
from tools.cloud.state import Cloud

_PIECE_BYTES = 16 * 1024
_STEPS_PER_S = 20  # in how many pieces the bytes of a second are sent when the speed is limited
_ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*", re.ASCII)


async def download(request: Request) -> Response:
    cloud: Cloud = request.app.state.cloud
    try:
        file = files.get(cloud.store, request.path_params["file_id"])
        file = _changed(cloud, request, file)
    except Refusal as refusal:
        return error_answer(refusal.status, refusal.message)
    if "journal_entry" in request.scope:
        cloud.served.add(file["id"], request.scope["journal_entry"])
    etag = {"strong": f'"{file["etag"]}"', "weak": f'W/"{file["etag"]}"', "none": ""}[cloud.settings["download_etag"]]
    headers = {"accept-ranges": "bytes"} | ({"etag": etag} if etag else {})
    size = file["size"]
    try:
        part = _asked(request, etag, size)
    except _Unsatisfiable:
        return error_answer(416, "Range not satisfiable", headers | {"content-range": f"bytes */{size}"})
    start, end = part or (0, size)
    headers["content-length"] = str(end - start)
    if part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    body = _pieces(cloud, cloud.contents.path(file["digest"]), start, 0 if request.method == "HEAD" else end - start)
    return StreamingResponse(body, 206 if part else 200, headers, "application/octet-stream")


class _Unsatisfiable(Exception):
    """The range begins behind the end of the file."""


def _asked(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """The part (first byte, byte after the last) that is asked for, or None for the whole file.

    What is no range, or is several, may be ignored, and is. So is a range under an If-Range that does not hold:
    only the very same strong ETag does.
    """
    match = _ONE_RANGE.fullmatch(request.headers.get("range", ""))
    condition = request.headers.get("if-range")
    if match is None or (condition is not None and (condition != etag or etag.startswith("W/"))):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        start, end = max(size - int(last or 0), 0), size
        if not last:
            return None
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise _Unsatisfiable
    return start, end


async def _pieces(cloud: Cloud, path: Path, start: int, length: int) -> AsyncIterator[bytes]:
    """`length` bytes from `start`, as fast as the settings allow when each piece is due."""
    with path.open("rb") as file:
        file.seek(start)
        while length:
            speed = cloud.settings["download_bytes_per_s"]
            piece = file.read(min(length, max(speed // _STEPS_PER_S, 1) if speed else _PIECE_BYTES))
            length -= len(piece)
            yield piece
            await asyncio.sleep(len(piece) / speed if speed else 0)  # 0: let the others in, and hang-ups be noticed


def _changed(cloud: Cloud, request: Request, file: dict) -> dict:
    """The file, with another one's content from now on when a fault says so (change_file)."""
    change = request.scope.get("change_file")
    if change is None:
        return file
    other = files.get(cloud.store, change["to"])
    return files.take_content(cloud.store, file, other, change["keep_etag"])


ROUTES = [Route("/files/{file_id}/blob", download, methods=["GET", "HEAD"])]
