"""An update by the agent beside the least that any updater must do: same interpreter, same server, same run."""

import json
import random
import statistics
from dataclasses import dataclass
from pathlib import Path

from host_tests.bench.bench_lab import Lab
from tools import image
from tools.update import form, payload
from tools.update.describe import describe

_HEAD_BYTES = 112
_VERSION = "1.1.0"


@dataclass(frozen=True)
class UpdateSpeed:
    """KiB/s of payload. fetch: to where the bare loop is at its end. whole: with the check of what is read back.

    heap_swing: bytes between the least and the most heap in use, looked at every 64 KiB.
    """

    bare: float
    fetch: float
    whole: float
    heap_swing: int


@dataclass(frozen=True)
class Way:
    """How an update comes. block_ms: what it takes to erase and write 4 KiB of flash; 0: that of a file."""

    tls: bool
    packed: bool = False
    block_ms: int = 0


CHIP_MS = 50  # typical of a NOR flash: 45 to erase, and the rest to write 16 pages


def of(lab: Lab, folder: Path, way: Way, kib: int, rounds: int) -> UpdateSpeed:
    """Alternating rounds, medians."""
    filling = random.Random(kib)
    # Half of it packs well, half does not, as with code and constants.
    data = image.make(b"".join(filling.randbytes(512) + bytes(512) for _ in range(kib)), version=_VERSION)
    place = _place(lab, folder, data, way)
    runs = {"agent": [], "bare": []}
    for _ in range(rounds):
        for who, figures in runs.items():
            figures.append(lab.script("update_speed.py", who, str(place)))
    fetch, bare = (statistics.median(run["fetch_us"] for run in runs[who]) for who in ("agent", "bare"))
    whole = statistics.median(run["fetch_us"] + run["prove_us"] for run in runs["agent"])
    kib_s = [len(data) / 1024 * 1e6 / us for us in (bare, fetch, whole)]
    return UpdateSpeed(*kib_s, max(run["heap_swing"] for run in runs["agent"]))


def _place(lab: Lab, folder: Path, data: bytes, way: Way) -> Path:
    found = describe(data)
    file = folder / "update.bin"
    file.write_bytes(payload.compress(data) if way.packed else data)
    checksum = str(form.checksum(found))
    ident = lab.cloud.upload(file, form.fields(found, _VERSION, None))
    base = lab.cloud.https if way.tls else lab.cloud.http
    url = base.replace("127.0.0.1", "localhost") + f"/files/{ident}/blob"
    flash = folder / "flash.bin"
    flash.write_bytes(b"\xff" * 0x180000)
    place = folder / "update.json"
    place.write_text(json.dumps({
        "params": {"url": url, "version": _VERSION, "checksum": checksum}, "packed": way.packed, "size": found.size,
        "sha256": found.sha256, "head": data[:_HEAD_BYTES].hex(), "ca": str(lab.cloud.ca), "flash": str(flash),
        "block_ms": way.block_ms}))
    return place
