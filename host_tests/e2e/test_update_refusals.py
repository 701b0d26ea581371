"""Must show 4: what is not a good update is refused before the boot choice changes, each for its own reason."""

import functools
import io
import tarfile
from collections.abc import Callable

import payloads
import pytest
from payloads import APPLICATION, FIRMWARE, Update
from rig import MAIN, RUN, Powered, found, make_board
from update_bench import HEAP, Bench

from tools import image
from tools.board import layout
from tools.board.virtual import VirtualBoard
from tools.update import payload, signing

VERSION = "1.1.0"
PAGE = b"<!DOCTYPE html><html><body>Please log in to this network</body></html>"
MIB = 1024 * 1024


def good(kind: str) -> Update:
    return payloads.make(kind, VERSION)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x10]) + data[len(data[:at]) + 1 :]


@functools.cache
def rom() -> bytes:
    whole = image.parse(good(FIRMWARE).data)
    return good(FIRMWARE).data[whole.payload_offset :][: whole.payload_size]


def whole_flash() -> bytes:
    """As the first 64 KiB of a factory flash: nothing, bootloader, partition table, NVS."""
    return b"\xff" * 0x1000 + b"\xe9" + bytes(0x6FFF) + b"\xaa\x50" + bytes(0x7FFE)


def tar_of(name: str, content: bytes = b"pass\n", **more: object) -> bytes:
    """One that `tools build app` would not make."""
    out = io.BytesIO()
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o644
    for attribute, value in more.items():
        setattr(info, attribute, value)
    out.write(info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512) + bytes(1024))
    return out.getvalue()


def other_version(kind: str) -> Update:
    return payloads.signed(good(kind).data, VERSION, signed_version="1.0.9")


def damaged_signature(kind: str) -> Update:
    return good(kind).saying(signature=good(kind).fields["signature"][:-8])


def by_unknown_key(kind: str) -> Update:
    return payloads.signed(good(kind).data, VERSION, by=payloads.unknown_key())


def flipped_signature(kind: str) -> Update:
    mark = good(kind).fields["signature"]
    return good(kind).saying(signature=("B" if mark[0] == "A" else "A") + mark[1:])


NOT_BY_US = "the signature is not by the owner of any key on this device"
NOT_FOR_THIS = "the signature is for another file, version or chip"

# name: the update, what the operator is told
BOTH: dict[str, tuple[Callable[[str], Update], str]] = {
    "truncated": (lambda kind: good(kind).serving(good(kind).data[:-1000]), "were announced"),
    "too long": (lambda kind: good(kind).serving(good(kind).data + bytes(512)), "were announced"),
    "bit flipped": (lambda kind: good(kind).serving(flipped(good(kind).data, 600)),
                    "does not have the announced SHA-256"),
    "page": (lambda kind: good(kind).serving(PAGE), "the server sent a page in place of the file"),
    "empty": (lambda kind: good(kind).serving(b""), "the file server answered 416"),
    "truncated gzip": (lambda kind: good(kind).serving(good(kind).gzip().data[:-100]), "the packed file is damaged"),
    "bit flipped in gzip": (lambda kind: good(kind).serving(flipped(good(kind).gzip().data, -6)),
                            "the packed file is damaged"),
    "window of gzip too large": (lambda kind: good(kind).serving(b"\x1f\x8b\x08" + bytes(200)),
                                 "the packed file is damaged"),
    "no signature": (lambda kind: good(kind).saying(signature=None), "the file is not signed"),
    "damaged signature": (damaged_signature, "the signature is damaged"),
    "wrong signature": (flipped_signature, NOT_BY_US),
    "unknown key": (by_unknown_key, NOT_BY_US),
    "signed for another version": (other_version, NOT_FOR_THIS),
    "downgrade": (lambda kind: payloads.make(kind, "0.9.0"), "0.9.0 is older than the running 1.0.0"),
    "no checksum": (lambda kind: good(kind).saying(checksum=None), "the file has no usable checksum"),
}
OF_FIRMWARE = {
    "wrong chip": (lambda: payloads.forged(image.make(rom(), version=VERSION, chip_id=9), VERSION, FIRMWARE),
                   "wrong chip: the image is for esp32s3, this is esp32"),
    "signed for another chip": (lambda: payloads.signed(image.make(rom(), version=VERSION, chip_id=9), VERSION),
                                NOT_FOR_THIS),
    "wrong project": (lambda: payloads.signed(image.make(rom(), version=VERSION, project="kettle"), VERSION),
                      "wrong project: the image is kettle, running is xyte-agent"),
    "too large": (lambda: payloads.signed(image.make(rom() + bytes(2 * MIB), version=VERSION), VERSION),
                  "the image is too large"),
    "whole flash": (lambda: payloads.forged(whole_flash(), VERSION, FIRMWARE), "a whole-flash .bin"),
    "bootloader": (lambda: payloads.forged(b"\xe9" + bytes(20000), VERSION, FIRMWARE), "not an application image"),
    "image that the bootloader refuses": (
        lambda: payloads.forged(good(FIRMWARE).data[:-40] + bytes(40), VERSION, FIRMWARE),
        "the bootloader does not accept the image"),
    "application as firmware": (lambda: payloads.forged(good(APPLICATION).data, VERSION, FIRMWARE),
                                "not an application image"),
}
OF_APPLICATION = {
    "too large": (lambda: payloads.signed(payloads.application(VERSION, MAIN + RUN + "#" * 2 * MIB), VERSION),
                  "the application is too large"),
    "firmware as application": (lambda: payloads.forged(good(FIRMWARE).data + bytes(-good(FIRMWARE).size % 512),
                                                        VERSION, APPLICATION), "not an application"),
    "leaves its folder": (lambda: payloads.forged(tar_of("../boot.py"), VERSION, APPLICATION), "leaves its folder"),
    "absolute path": (lambda: payloads.forged(tar_of("/boot.py"), VERSION, APPLICATION), "leaves its folder"),
    "link": (lambda: payloads.forged(tar_of("main.py", b"", type=tarfile.SYMTYPE, linkname="/settings.json"), VERSION,
                                     APPLICATION), "not an application as `tools build app` makes it"),
    "without main.py": (lambda: payloads.forged(tar_of("lib/x.mpy"), VERSION, APPLICATION), "no main.py"),
    "without its end": (lambda: payloads.forged(good(APPLICATION).data[:-1024], VERSION, APPLICATION),
                        "its end is missing"),
}


def choice(board: VirtualBoard) -> bytes:
    """What the bootloader goes by, and the slot that runs."""
    return b"".join(partition_of(board, label) for label in ("otadata", "ota_0"))


def partition_of(board: VirtualBoard, label: str) -> bytes:
    partition = layout.find(layout.LAYOUT_4MIB_OTA, label)
    with open(board.folder / "flash.bin", "rb") as flash:
        flash.seek(partition.address)
        return flash.read(partition.size)


@pytest.mark.parametrize("kind", payloads.KINDS)
def test_each_is_refused_for_its_own_reason(bench, kind):
    cases = {name: (functools.partial(make, kind), reason) for name, (make, reason) in BOTH.items()}
    cases |= OF_FIRMWARE if kind == FIRMWARE else OF_APPLICATION
    board, wrong = bench.board, []
    with Powered(board) as run:
        run.reports(2)
        before = choice(board), board.read_file("/main.py")
        for name, (make, reason) in cases.items():
            message = bench.send(make()).failed(run)
            print(f"{kind}, {name}: {message}")
            if reason not in message or found("Traceback", run.lines):
                wrong.append(f"{name}: {message}")
            assert (choice(board), board.read_file("/main.py")) == before, name
        run.reports(3)
        fetched = run.count("restarting to fetch")  # the rest was refused for what the command said
        assert run.count("--- boot ") == 1 + 2 * fetched and run.count("restarting into") == 0 < fetched < len(cases)
        assert not wrong, "\n".join(wrong) + "\n" + "\n".join(run.lines[-40:])
        bench.send(good(kind)).done(run)  # and none of them is held against a good one


def test_a_board_without_a_key_takes_what_is_not_signed(tmp_path, cloud):
    board = make_board(tmp_path / "board", cloud, heap=HEAP)
    bench = Bench(tmp_path, cloud, board)
    with Powered(board) as run:
        run.reports(2)
        bench.send(good(APPLICATION).saying(signature=None)).done(run)


def test_a_board_with_one_app_partition(bench):
    """ESP-IDF names the running partition as the next one there: writing to it would be the end."""
    board = bench.board
    table = layout.pack(tuple(p for p in layout.LAYOUT_4MIB_OTA if p.label != "ota_1"))
    with open(board.folder / "flash.bin", "r+b") as flash:
        flash.seek(layout.TABLE_ADDRESS)
        flash.write(table)
    with Powered(board) as run:
        run.reports(2)
        before = choice(board)
        assert bench.send(good(FIRMWARE)).failed(run) == "this board has no second app partition"
        assert choice(board) == before
        bench.send(good(APPLICATION)).done(run)


@pytest.mark.parametrize("kind", payloads.KINDS)
def test_flash_that_keeps_something_else(bench, kind):
    """Every byte came as it was signed; one of them lies differently on flash before it is read back."""
    board = bench.board
    update = payloads.large(kind, VERSION, 200)
    with Powered(board) as run:
        run.reports(2)
        before = choice(board)
        run.at(r"\d0 % of", lambda: spoil(board, update.data[4096:4160]))
        assert "does not have the announced SHA-256" in bench.send(update).failed(run)
        assert choice(board) == before
        bench.send(update).done(run)  # the file itself is not at fault


def spoil(board: VirtualBoard, content: bytes) -> None:
    """Flip a bit of every copy of these bytes that lies on flash outside of the running slot."""
    running = layout.find(layout.LAYOUT_4MIB_OTA, "ota_0")
    with open(board.folder / "flash.bin", "r+b") as flash:
        whole, at, spoilt = flash.read(), 0, 0
        while (at := whole.find(content, at + 1)) >= 0:
            if not running.address <= at < running.address + running.size:
                flash.seek(at)
                spoilt += flash.write(bytes([whole[at] ^ 1]))
    assert spoilt


def test_a_downgrade_that_is_meant(bench):
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(payloads.make(APPLICATION, "0.9.0"), allow_downgrade=True).done(run)
        assert bench.info()["firmware"]["version"] == "0.9.0"


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_each_of_four_keys_will_do(make_bench, number):
    keys = {f"/keys/{i}.pub": signing.public_text(payloads.unknown_key().public_key()).encode() for i in range(4)}
    keys[f"/keys/{number}.pub"] = payloads.public_key()
    bench = make_bench(files=keys, settings={"update_keys": [*keys]})
    with Powered(bench.board) as run:
        run.reports(2)
        bench.send(good(APPLICATION)).done(run)


def test_small_files_that_fill_the_file_system_are_not_left_there(make_bench):
    """Each takes a whole block, so there is less room than the bytes say."""
    bench = make_bench(speed=5)  # littlefs looks for free blocks ever longer: no watchdog's matter on a busy machine
    files = payload.files_in(payloads.application(VERSION))
    files |= {f"lib/table{i:03}.txt": b"x" * 1000 for i in range(300)}
    with Powered(bench.board) as run:
        run.reports(2)
        message = bench.send(payloads.signed(payload.tar(files), VERSION)).failed(run)
        assert "it cannot be written" in message
        bench.send(payloads.make(APPLICATION, "1.2.0")).done(run)
