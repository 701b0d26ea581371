"""The bytes of updates: canonical tar, gzip with a small window, applications from sources."""

import io
import random
import subprocess
import tarfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from update_lab import FILES, app, firmware

from combined_image import combined_bin
from tools import interpreter
from tools.__main__ import main
from tools.build import BuildError
from tools.update import payload
from tools.update.application import application, with_version
from tools.update.describe import describe
from tools.update.payload import PayloadError

PARTS = st.text("abz_.09", min_size=1, max_size=8).filter(lambda part: part not in (".", ".."))
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
MAIN = b'from xyte.agent import Agent\n\nagent = Agent(version="1.0.0")\nagent.run()\n'


def raw_tar(*members: tarfile.TarInfo, order: int = tarfile.USTAR_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=order) as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    return out.getvalue()


def member(name: str, **changes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode = 0o644
    for field, value in changes.items():
        setattr(info, field, value)
    return info


@given(st.dictionaries(PATHS, st.binary(max_size=1200), max_size=6))
def test_a_tar_gives_its_files_back_and_depends_on_them_only(files):
    made = payload.tar(files)
    assert payload.files_in(made) == files
    assert made == payload.tar(dict(reversed(files.items())))
    assert len(made) % 512 == 0 and made.endswith(bytes(1024))


def test_the_layout_of_a_tar():
    """Byte for byte, as the module's text has it: the board makes the same header in its own way."""
    made = payload.tar({"main.py": b"abc", "lib/a.mpy": b"x" * 513})
    header = made[2048 - 512 :][:512]  # after lib/a.mpy: one header, two blocks
    assert header[:100] == b"main.py".ljust(100, b"\0")
    assert header[100:148] == b"0000644\x000000000\x000000000\x0000000000003\x0000000000000\0"
    total = sum(header[:148]) + 8 * 32 + sum(header[156:])
    assert header[148:156] == b"%06o\0 " % total
    assert header[156:265] == b"0" + bytes(100) + b"ustar\x0000"
    assert header[265:] == bytes(247)
    assert len(made) == 512 + 1024 + 512 + 512 + 1024


@pytest.mark.parametrize("path", ["", "/main.py", "a//b", "a/../b", "./a", "a/", "x" * 101, "h\xe9"])
def test_a_path_that_a_board_cannot_keep(path):
    with pytest.raises(PayloadError, match="a path"):
        payload.tar({path: b""})


def test_a_path_of_a_hundred():
    assert payload.files_in(payload.tar({"x" * 100: b"1"})) == {"x" * 100: b"1"}


@pytest.mark.parametrize(
    "data, reason",
    [
        (raw_tar(member("main.py")), "8704 bytes follow"),  # tarfile's own padding
        (raw_tar(member("main.py"), member("lib/a.mpy")), "other order"),
        (raw_tar(member("main.py", mtime=5)), "times"),
        (raw_tar(member("main.py", uid=5)), "owners"),
        (raw_tar(member("main.py", mode=0o755)), "as `build app` makes it"),
        (raw_tar(member("lib", type=tarfile.DIRTYPE), member("main.py")), "lib is no regular file"),
        (raw_tar(member("main.py", type=tarfile.SYMTYPE, linkname="/etc")), "no regular file"),
        (raw_tar(member("../main.py")), "stays below its folder"),
        (raw_tar(member("main.py"), order=tarfile.GNU_FORMAT), "as `build app` makes it"),
        (app()[:-512], "not an application"),
        (app()[:700], "truncated|not an application"),
        (app() + b"x", "1 bytes follow its end"),
        (b"not a tar", "not an application"),
    ],
)
def test_a_tar_that_is_not_canonical(data, reason):
    with pytest.raises(PayloadError, match=reason):
        payload.files_in(data)


@given(st.binary(max_size=20_000))
@settings(deadline=None, max_examples=30)
def test_gzip_gives_the_payload_back(data):
    packed = payload.compress(data)
    assert payload.uncompressed(packed) == data
    assert packed == payload.compress(data)
    assert zlib.decompress(packed, 31) == data


def test_gzip_never_reaches_further_back_than_a_board_can():
    noise = random.Random(1).randbytes(5000)
    data = noise + noise  # worth a reference over 5000 bytes, if the window were larger
    assert payload.uncompressed(payload.compress(data)) == data
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with pytest.raises(PayloadError, match="window above 4 KiB"):
        payload.uncompressed(packer.compress(data) + packer.flush())


def test_damaged_gzip():
    packed = payload.compress(app())
    with pytest.raises(PayloadError, match="truncated"):
        payload.uncompressed(packed[:-3])
    with pytest.raises(PayloadError, match="damaged gzip"):
        payload.uncompressed(packed[:-6] + bytes(6))
    assert payload.uncompressed(app()) == app()


def test_a_small_gzip_that_unpacks_to_more_than_any_flash(monkeypatch):
    monkeypatch.setattr(payload, "LARGEST", 100_000)
    with pytest.raises(PayloadError, match="unpacks to more than"):
        payload.uncompressed(payload.compress(bytes(payload.LARGEST + 1)))


def test_micropython_unpacks_it_with_a_small_window(tmp_path):
    """The board's own decompressor, with the window it has."""
    data = firmware(body=random.Random(2).randbytes(3000) * 10)
    (tmp_path / "packed").write_bytes(payload.compress(data))
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, deflate, hashlib\n"
        "digest, buf = hashlib.sha256(), bytearray(512)\n"
        "stream = deflate.DeflateIO(open(sys.argv[1], 'rb'), deflate.GZIP, 12)\n"
        "while count := stream.readinto(buf):\n    digest.update(memoryview(buf)[:count])\n"
        "print(digest.digest().hex())\n"
    )
    argv = [*interpreter.find(), "-X", "heapsize=56k", str(script), str(tmp_path / "packed")]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == describe(data).sha256


@pytest.fixture
def sources(tmp_path):
    """A main.py, a package, a module that is compiled already, and what must stay behind."""
    lib = tmp_path / "lib"
    for path, text in {
        "lamp.py": "ON = 1\n", "pump/__init__.py": "", "pump/valve.py": "def close():\n    return 1\n",
        "xyte/agent.py": "1/0\n", ".hidden": "", "__pycache__/lamp.cpython-311.pyc": "",
    }.items():
        (lib / path).parent.mkdir(parents=True, exist_ok=True)
        (lib / path).write_text(text)
    (lib / "ready.mpy").write_bytes(b"M\x06 as it is")
    (tmp_path / "main.py").write_bytes(MAIN)
    return tmp_path


def test_an_application(sources):
    made = application("1.2.3-rc.1", sources / "main.py", sources / "lib")
    files = payload.files_in(made)
    assert list(files) == [
        "lib/lamp.mpy", "lib/pump/__init__.mpy", "lib/pump/valve.mpy", "lib/ready.mpy", "main.py", "version",
    ]
    assert files["version"] == b"1.2.3-rc.1\n"
    assert files["main.py"] == MAIN.replace(b"1.0.0", b"1.2.3-rc.1")
    assert files["lib/ready.mpy"] == b"M\x06 as it is"
    assert b"pump/valve.py" in files["lib/pump/valve.mpy"]  # what tracebacks show
    assert made == application("1.2.3-rc.1", sources / "main.py", sources / "lib")


def test_the_checkout_as_an_application_with_its_agent():
    files = payload.files_in(application("2.0.0", with_agent=True))
    assert {"main.py", "version", "lib/xyte/agent.mpy", "lib/xyte/base.mpy"} <= files.keys()
    assert b'Agent(version="2.0.0")' in files["main.py"]
    assert "lib/xyte/agent.mpy" not in payload.files_in(application("2.0.0"))


@pytest.mark.parametrize("name, text, reason", [
    ("lamp.txt", "", "lamp.txt: no module"),
    ("ready.py", "", "twice, as .py and as .mpy"),
    ("broken.py", "def f(:\n", r"broken\.py"),
    ("empty.mpy", "", r"empty\.mpy: no compiled module"),
    ("cut.mpy", "M", r"cut\.mpy: no compiled module"),
])
def test_what_cannot_go_along(sources, name, text, reason):
    (sources / "lib" / name).write_text(text)
    with pytest.raises(BuildError, match=reason):
        application("1.0.0", sources / "main.py", sources / "lib")


def test_a_broken_link_cannot_go_along(sources):
    (sources / "lib" / "gone.py").symlink_to("nowhere.py")
    with pytest.raises(BuildError, match=r"gone\.py: a link to what is not there"):
        application("1.0.0", sources / "main.py", sources / "lib")


@pytest.mark.parametrize(("before", "reason"), [
    (b"match 1:\n    case 1:\n        pass\n", r"main\.py, line 1: SyntaxError"),
    (b"\xef\xbb\xbf", "byte order mark"),
])
def test_a_main_that_micropython_does_not_compile(sources, before, reason):
    (sources / "main.py").write_bytes(before + MAIN)
    with pytest.raises(BuildError, match=reason):
        application("1.0.0", sources / "main.py", sources / "lib")


def test_a_folder_of_modules_that_was_named_is_there(sources, capsys):
    words = ["build", "app", "--version", "1.0.0", "--main", sources / "main.py", "--lib", sources / "no-lib",
             "--out", sources / "out"]
    assert main(list(map(str, words))) == 1
    assert "no-lib: no such folder" in capsys.readouterr().err


def test_an_application_needs_a_main_and_a_version(sources):
    with pytest.raises(BuildError, match=r"main\.py: No such file"):
        application("1.0.0", sources / "nowhere" / "main.py", sources / "lib")
    with pytest.raises(BuildError, match="not a semantic version"):
        application("1.0", sources / "main.py", sources / "lib")
    made = application("1.0.0", sources / "main.py", sources / "no-lib")
    assert list(payload.files_in(made)) == ["main.py", "version"]


@pytest.mark.parametrize("source", [
    'agent = xyte.agent.Agent(  version = "1.0.0" , settings="a")  # version="1.0.0"\n',
    "é = 'é'; agent = Agent(version='0')\n",
    'agent = Agent(\n    settings="version",\n    version="1.0.0",\n)\n',
])
def test_only_the_literal_of_the_version_changes(source):
    made = with_version(source.encode(), "7.8.9").decode()
    assert made.count('"7.8.9"') == 1
    assert made.replace('"7.8.9"', "*") in (source.replace('"1.0.0"', "*", 1), source.replace("'0'", "*"))


@pytest.mark.parametrize("source", [
    b"agent = Agent()", b"agent = Agent(version=V)", b'a = Agent(version="1"); b = Agent(version="2")',
    b'agent = Agent(version=("1"\n "2"))', b"", b"agent = Agent(", b'Agent(version=f"{1}")', b"\0",
])
def test_a_main_without_its_version_in_one_place(source):
    with pytest.raises(BuildError, match=r"main\.py: "):
        with_version(source, "1.0.0")


def test_what_an_application_is():
    found = describe(payload.compress(app()))
    assert (found.kind, found.version, found.chip) == ("application", "1.1.0", "any")
    assert (found.size, found.compressed) == (len(app()), True)
    assert found.files == tuple((path, len(FILES[path])) for path in sorted(FILES))


def test_what_a_firmware_is():
    data = firmware("2.0.0", chip_id=9, project="lamp")
    found = describe(data)
    assert (found.kind, found.version, found.chip, found.project) == ("firmware", "2.0.0", "esp32s3", "lamp")
    assert (found.size, found.stored_size, found.compressed) == (len(data), len(data), False)


FLASH = b"\xff" * 0x1000 + b"\xe9" + b"\xff" * 0x6FFF + (b"\xaa\x50" + bytes(30)) * 3


@pytest.mark.parametrize("data, reason", [
    (b"", "the file is empty"),
    (b"\n<!DOCTYPE html><title>Log in</title>", "an HTML page"),
    (FLASH, "whole-flash"),
    (b"\xff" * 4096, "whole-flash"),
    (firmware(body=bytes(40000))[:0x8000] + FLASH[0x8000:], "whole-flash"),  # bootloader at 0, as on later chips
    (combined_bin(), "whole-flash"),  # MicroPython's download for the ESP32, bootloader first
    (b"PK\3\4", "begins with 504b0304"),
    (firmware()[:-1], "damaged image"),
    (b"\xe9", "damaged image"),
    (payload.tar({"version": b"1.0.0\n"}), "no main.py"),
    (payload.tar({"main.py": b""}), "its file `version`"),
    (payload.tar({"main.py": b"", "version": b"1.0\n"}), "its file `version`"),
    (payload.compress(b"<html>"), "an HTML page"),
])
def test_what_is_no_payload_is_called_by_its_name(data, reason):
    with pytest.raises(PayloadError, match=reason):
        describe(data)


@given(st.binary(max_size=2000) | st.binary(max_size=100).map(lambda tail: app()[:600] + tail))
def test_any_bytes_are_described_or_refused(data):
    try:
        describe(data)
    except PayloadError as error:
        assert str(error)
