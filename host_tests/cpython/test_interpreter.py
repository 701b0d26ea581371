"""Where the MicroPython comes from: the order of choice, apt's configuration, fetching, what is said when all
fails. Interpreters, apt-get and dpkg-deb are small scripts here; nothing is downloaded."""

import os
import platform
import threading
from pathlib import Path

import pytest

from tools import debian, interpreter

DEB822 = """\
# the image's own mirror
Types: deb deb-src
URIs: http://mirror.example/debian/
  http://second.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
# deb http://comment.example/debian bookworm main
deb cdrom:[Debian 12]/ bookworm main
deb [arch=amd64 signed-by=/etc/k.gpg] https://line.example/debian bookworm main contrib # ours
deb-src http://sources.example/debian bookworm main
deb http://updates.example/debian bookworm-updates main
deb https://vendor.example/linux bookworm stable
deb https://product.example/apt stable main
"""
UBUNTU = "Types: deb\nURIs: http://archive.example/ubuntu\nSuites: noble noble-updates\nComponents: main\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing: an empty PATH, no variables, an empty cache. Returns the folder on PATH."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    for name in ("MICROPYTHON", "MICROPYTHON_I386", "DEBIAN_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(interpreter, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return path


def program(path: Path, text: str) -> str:
    """Write an executable shell script; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{text}\n")
    path.chmod(0o755)
    return str(path)


def micropython(path: Path, version: str = "1 25") -> str:
    return program(path, f"echo micropython {version}")


def test_the_variable_comes_first(machine, monkeypatch, tmp_path):
    chosen = micropython(tmp_path / "mine")
    micropython(machine / "micropython")
    monkeypatch.setenv("MICROPYTHON", chosen)
    assert interpreter.find() == interpreter.find("amd64") == [chosen]


@pytest.mark.parametrize(("text", "reason"), [
    ("echo micropython 1 24", "version 1.24, too old"),
    ("echo 'ImportError: no module named tls' >&2; exit 1", "no module named tls"),
    ("echo hello", "not a MicroPython"),
    (None, "does not start"),
])
def test_a_bad_variable_is_an_error_not_a_hint(machine, monkeypatch, tmp_path, text, reason):
    chosen = program(tmp_path / "mine", text) if text else str(tmp_path / "absent")
    micropython(machine / "micropython")
    monkeypatch.setenv("MICROPYTHON", chosen)
    with pytest.raises(interpreter.MissingInterpreter, match=f"MICROPYTHON=.*{reason}.*unset it"):
        interpreter.find()


def test_path_comes_second(machine):
    found = micropython(machine / "micropython", "1 29")
    cached(interpreter.CACHE, "amd64")
    assert interpreter.find() == [found]


@pytest.mark.parametrize("version", ["1 24", "0 99"])
def test_an_old_one_on_path_is_passed_over(machine, version):
    micropython(machine / "micropython", version)
    cached(interpreter.CACHE, "amd64")
    assert interpreter.find() == debian.command("amd64", interpreter.CACHE / "amd64")


def test_i386_has_its_own_variable_and_never_takes_the_native_one(machine, monkeypatch, tmp_path):
    micropython(machine / "micropython")
    monkeypatch.setenv("MICROPYTHON", micropython(tmp_path / "mine"))
    cached(interpreter.CACHE, "i386")
    assert interpreter.find("i386") == debian.command("i386", interpreter.CACHE / "i386")
    monkeypatch.setenv("MICROPYTHON_I386", micropython(tmp_path / "mine32"))
    assert interpreter.find("i386") == [str(tmp_path / "mine32")]


def cached(cache: Path, arch: str) -> None:
    micropython(Path(debian.command(arch, cache / arch)[0]))


def test_nothing_at_all_says_what_to_do(machine):
    with pytest.raises(interpreter.MissingInterpreter) as caught:
        interpreter.find()
    assert "no apt-get and no dpkg-deb" in str(caught.value)
    assert "Set MICROPYTHON" in str(caught.value) and "apt-get install micropython" in str(caught.value)
    with pytest.raises(interpreter.MissingInterpreter, match="MICROPYTHON_I386.*NO_I386=1"):
        interpreter.find("i386")
    with pytest.raises(interpreter.MissingInterpreter, match="only known here for amd64"):
        interpreter.find("riscv64")


def write_apt(etc: Path, **files: str) -> Path:
    (etc / "sources.list.d").mkdir(parents=True)
    for name, text in files.items():
        (etc / name.replace("__", "/").replace("_", ".")).write_text(text)
    return etc


def test_mirrors_of_both_formats(machine, tmp_path):
    etc = write_apt(tmp_path / "apt", sources_list=ONE_LINE)
    (etc / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert debian.mirrors(etc) == [
        "http://mirror.example/debian", "http://second.example/debian", "https://line.example/debian",
        "https://product.example/apt",  # another vendor's "stable main": last, and its keyring will not fit
    ]


def test_no_mirror_on_another_distribution(machine, tmp_path):
    assert debian.mirrors(write_apt(tmp_path / "apt", **{"sources.list": UBUNTU})) == []
    assert list(debian.deb822(UBUNTU)) == []


def test_the_variable_is_the_only_mirror(machine, tmp_path, monkeypatch):
    monkeypatch.setenv("DEBIAN_MIRROR", "http://chosen.example/debian/")
    assert debian.mirrors(write_apt(tmp_path / "apt", sources_list=ONE_LINE)) == ["http://chosen.example/debian"]


@pytest.fixture
def apt(machine, monkeypatch, tmp_path):
    """apt-get and dpkg-deb that make an interpreter of a few bytes; returns the log of apt-get's calls."""
    log = tmp_path / "apt.log"
    keyring = tmp_path / "keyring.gpg"
    keyring.touch()
    monkeypatch.setattr(debian, "_KEYRINGS", [str(keyring)])
    monkeypatch.setenv("DEBIAN_MIRROR", "http://user:hidden@mirror.example/debian")
    program(machine / "apt-get", f"""
echo "$4 $5" >> {log}; cat "$2" "$(dirname "$2")/sources.list" >> {log}
test "$4" = update && sleep 0.3
test "$4" = download && echo package > "$5.deb"
exit 0""")
    program(machine / "dpkg-deb", """
mkdir -p "$3/usr/lib/x86_64-linux-gnu/gconv" "$3/usr/bin" "$3/usr/share/doc"
loader="$3/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
printf '#!/bin/sh\\necho micropython 1 25\\n' > "$loader"; chmod +x "$loader" """)
    return log


def test_fetching_is_done_once_whoever_asks(apt):
    found = []
    threads = [threading.Thread(target=lambda: found.append(interpreter.find())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folder = interpreter.CACHE / "amd64"
    assert found == [debian.command("amd64", folder)] * 4
    assert apt.read_text().count("update") == 1
    assert sorted(os.listdir(interpreter.CACHE)) == ["amd64", "amd64.lock"]
    assert not (folder / "usr/lib/x86_64-linux-gnu/gconv").exists() and not (folder / "usr/share").exists()


def test_apt_is_private_and_checks_signatures(apt, tmp_path):
    interpreter.find()
    log = apt.read_text()
    assert "deb [arch=amd64 signed-by=" in log and " trixie main" in log
    assert f'Dir::State "{interpreter.CACHE}' in log and f'Dir::Cache "{interpreter.CACHE}' in log
    assert "rusted" not in log and "AllowUnauthenticated" not in log


def test_a_failed_fetch_leaves_nothing_and_hides_the_mirrors_password(apt, machine):
    program(machine / "apt-get", "echo 'E: cannot reach http://user:hidden@mirror.example/debian' >&2; exit 100")
    with pytest.raises(interpreter.MissingInterpreter) as caught:
        interpreter.find()
    assert "cannot reach" in str(caught.value) and "DEBIAN_MIRROR" in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert os.listdir(interpreter.CACHE) == ["amd64.lock"]


def test_a_machine_that_cannot_run_it_keeps_nothing(apt, machine):
    program(machine / "dpkg-deb", 'mkdir -p "$3/usr/lib/x86_64-linux-gnu/gconv"')
    with pytest.raises(interpreter.MissingInterpreter, match="this machine cannot run amd64 programs"):
        interpreter.find()
    assert os.listdir(interpreter.CACHE) == ["amd64.lock"]


def test_no_keyring_says_which_package(apt, monkeypatch):
    monkeypatch.setattr(debian, "_KEYRINGS", ["/nowhere"])
    with pytest.raises(interpreter.MissingInterpreter, match="debian-archive-keyring"):
        interpreter.find()
