"""Must show 8: the heap stays as it is during a download, whatever its size; and what a signature costs."""

import os
import re
from statistics import median_low

import payloads
import pytest
from rig import SPEED, Powered, found

PIECE = 65536  # bytes asked for at a time
BLOCK = {payloads.FIRMWARE: 4096, payloads.APPLICATION: 1024}  # bytes written at a time
MOST_GROWTH = 64  # bytes between the second piece and the last: longer numbers
MOST_SWING = 1536  # in between: headers of a new answer, beside those of the last; between two files it is less
# The updater feeds the watchdog after each block.
WATCH = """
import gc, sys
BESIDE = ("xyte.services.progress", "xyte.services.calls", "xyte.device.dial")  # comes and goes, with its code
class Chip(Chip):
    def __init__(self):
        super().__init__()
        feed = self.feed
        def watch():
            feed()
            if "xyte.services.update_fetch" in sys.modules and not [n for n in sys.modules if n in BESIDE]:
                gc.collect()
                print("heap", gc.mem_alloc())
        self.feed = watch
import time
from xyte.core import signature
opened = signature.opened
def timed(mark, key):
    start = time.ticks_us()
    digest = opened(mark, key)
    print("rsa", time.ticks_diff(time.ticks_us(), start))
    return digest
signature.opened = timed
"""


@pytest.mark.skipif(bool(os.environ.get("NO_I386")), reason="NO_I386 is set")
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("kind", payloads.KINDS)
def test_the_heap_is_constant_during_a_download(make_bench, kind, packed):
    bench = make_bench(arch="i386", firmware=payloads.firmware("1.0.0", {"updater.py": WATCH}))
    update = payloads.large(kind, "1.1.0", 400)
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(update.gzip() if packed else update).done(run)
    used = [int(line.split()[1]) for line in found(r"^heap \d+$", run.lines)]
    rsa_us = int(re.search(r"^rsa (\d+)$", "\n".join(run.lines), re.MULTILINE)[1]) / SPEED
    # The first pieces bring what stays: the file's ETag, its length, names of what tells how far it is.
    piece = PIECE // BLOCK[kind]
    blocks = used[2 * piece : update.size // BLOCK[kind]]
    first, last = median_low(blocks[:piece]), median_low(blocks[-piece:])  # between two files it is a little less
    print(f"\nfigure: {kind}{', packed' * packed}, {update.size} bytes: heap in use {min(blocks)} to {max(blocks)}, "
          f"{first} at first, {last} at last; RSA-3072 verified in {rsa_us / 1000:.1f} ms (i386)")
    assert len(blocks) > 3 * piece
    assert last - first <= MOST_GROWTH and max(blocks) - min(blocks) <= MOST_SWING, blocks
