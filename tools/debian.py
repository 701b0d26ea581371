"""Unpacks MicroPython from Debian's signed packages into a folder, without installing anything.

The suite is trixie (1.25.0), whatever this machine runs. The mirror is the machine's own: ``DEBIAN_MIRROR``
or the Debian entries of apt's configuration. apt's index, keyring check and proxies are used as they are, all
state goes to a private folder; each architecture's packages then run under their own loader and C library.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

SUITE = "trixie"
PACKAGES = ["micropython", "libc6", "libffi8", "libmbedcrypto16", "libmbedtls21", "libmbedx509-7"]
_LOADERS = {  # architecture -> (folder of its libraries, loader in it)
    "amd64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "arm64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
    "i386": ("i386-linux-gnu", "ld-linux.so.2"),
}
_RELEASES = {
    "buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid",
    "oldoldstable", "oldstable", "stable", "testing", "unstable",
}
_KEYRINGS = [f"/usr/share/keyrings/debian-archive-keyring.{ending}" for ending in ("gpg", "pgp")]


class FetchError(Exception):
    """The packages could not be had; the text says why and, where there is one, what would help."""


def command(arch: str, folder: Path) -> list[str]:
    """The argv prefix that runs the interpreter unpacked in `folder`."""
    triplet, loader = _LOADERS[arch]
    libraries = folder / "usr" / "lib" / triplet
    return [str(libraries / loader), "--library-path", str(libraries), str(folder / "usr/bin/micropython")]


def ensure(arch: str, folder: Path, check: Callable[[list[str]], str | None]) -> Path:
    """Make sure that `folder` holds an interpreter for `arch`, and return it.

    check: gets an argv prefix and returns what is wrong with it, or None.

    The folder appears whole or not at all; whoever comes while another process fetches, waits for it. Raises
    `FetchError`.
    """
    if arch not in _LOADERS:
        raise FetchError(f"Debian's packages are only known here for {', '.join(_LOADERS)}")
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f"{arch}.lock")):
        if not folder.exists():
            print(f"fetching MicroPython for {arch} from Debian {SUITE} ...", file=sys.stderr)
            with tempfile.TemporaryDirectory(prefix=f"{arch}-", dir=folder.parent) as scratch:
                root = unpacked(arch, Path(scratch))
                if fault := check(command(arch, root)):
                    raise FetchError(f"the fetched one {fault}: this machine cannot run {arch} programs")
                root.rename(folder)
    return folder


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, which the system also drops when the holder dies."""
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def unpacked(arch: str, scratch: Path) -> Path:
    """Download and unpack into `scratch`; returns the root of the unpacked tree."""
    missing = [tool for tool in ("apt-get", "dpkg-deb") if not shutil.which(tool)]
    if missing:
        raise FetchError(f"cannot fetch one, for there is no {' and no '.join(missing)} here")
    keyring = next((path for path in _KEYRINGS if os.path.exists(path)), None)
    if keyring is None:
        raise FetchError("cannot verify packages: do `apt-get install debian-archive-keyring` first")
    candidates = mirrors()
    if not candidates:
        raise FetchError("apt's configuration names no Debian mirror: set DEBIAN_MIRROR to the URL of one "
                         "(it ends in /debian)")
    packages = download(arch, scratch, candidates, keyring)
    root = scratch / "root"
    for package in packages:
        call(["dpkg-deb", "--extract", str(package), str(root)])
    shutil.rmtree(root / "usr/lib" / _LOADERS[arch][0] / "gconv")  # character sets: 8 of 15 MB, never used
    shutil.rmtree(root / "usr/share", ignore_errors=True)
    return root


def download(arch: str, scratch: Path, candidates: list[str], keyring: str) -> list[Path]:
    """The .deb files from the first mirror that has them with a valid Debian signature."""
    refusals = []
    for number, mirror in enumerate(candidates):
        private = scratch / str(number)
        config = write_apt_config(private, arch, mirror, keyring)
        try:
            call(["apt-get", "-c", str(config), "-qq", "update"])
            call(["apt-get", "-c", str(config), "-qq", "download", *PACKAGES], cwd=private / "debs")
            return sorted((private / "debs").glob("*.deb"))
        except FetchError as error:
            refusals.append(f"{shown(mirror)}: {error}")
    raise FetchError("no mirror served it (DEBIAN_MIRROR can name another one)\n  " + "\n  ".join(refusals))


def write_apt_config(private: Path, arch: str, mirror: str, keyring: str) -> Path:
    """Make the folders and files of a private apt; returns its configuration file.

    The machine's apt.conf is read first, so proxies, certificates and passwords of the machine apply; the
    hooks of its own package lists do not.
    """
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (private / name).mkdir(parents=True)
    (private / "status").touch()
    (private / "sources.list").write_text(f"deb [arch={arch} signed-by={keyring}] {mirror} {SUITE} main\n")
    config = private / "apt.conf"
    config.write_text(f"""\
#clear APT::Update;
#clear DPkg::Post-Invoke;
Dir::Etc::sourcelist "{private}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::State "{private}";
Dir::State::lists "{private}/lists";
Dir::State::status "{private}/status";
Dir::Cache "{private}/cache";
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
""")
    return config


def call(argv: list[str], cwd: Path | None = None) -> None:
    """Run a program; its complaint becomes the `FetchError`."""
    env = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(argv, check=False, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        lines = [shown(line) for line in done.stderr.strip().splitlines()]
        raise FetchError("; ".join(lines[-3:]) or f"{argv[0]} failed with status {done.returncode}")


def shown(text: str) -> str:
    """The text with any user name and password in a URL blotted out."""
    return re.sub(r"//[^/@\s]+@", "//***@", text)


def mirrors(etc: Path = Path("/etc/apt")) -> list[str]:
    """Base URLs worth asking, best first: ``DEBIAN_MIRROR`` alone, or those in apt's configuration in `etc`.

    Other vendors use Debian's release names as well; their archives come last, and the keyring check turns
    them away.
    """
    if chosen := os.environ.get("DEBIAN_MIRROR"):
        return [chosen.rstrip("/")]
    found = [url for file in sorted(etc.glob("sources.list.d/*.sources")) for url in deb822(file.read_text())]
    for file in [etc / "sources.list", *sorted(etc.glob("sources.list.d/*.list"))]:
        if file.exists():
            found += one_line(file.read_text())
    unique = dict.fromkeys(url.rstrip("/") for url in found)
    return sorted(unique, key=lambda url: not url.endswith("/debian"))


def deb822(text: str) -> Iterator[str]:
    """The Debian mirrors in a .sources file (sources.list(5), "DEB822-style format")."""
    text = re.sub(r"(?m)^#.*\n?", "", text)
    for paragraph in re.split(r"\n\s*\n", text):
        folded = re.sub(r"\n[ \t]+", " ", paragraph)
        fields = {name.strip().lower(): value.split()
                  for name, colon, value in (line.partition(":") for line in folded.splitlines()) if colon}
        enabled = fields.get("enabled", ["yes"])[0].lower() not in ("no", "false", "0", "off", "without")
        if enabled and "deb" in fields.get("types", []):
            for url in fields.get("uris", []):
                if serves_debian(url, fields.get("suites", []), fields.get("components", [])):
                    yield url


def one_line(text: str) -> Iterator[str]:
    """The Debian mirrors in a .list file (sources.list(5), "one-line-style format")."""
    for line in text.splitlines():
        entry = re.match(r"\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s+([^#]+)", line)
        if entry and serves_debian(entry[1], [entry[2]], entry[3].split()):
            yield entry[1]


def serves_debian(url: str, suites: list[str], components: list[str]) -> bool:
    """Whether an apt entry may be a full Debian mirror: not a CD, not security only, not another product."""
    return (url.startswith(("http://", "https://", "file:")) and "main" in components
            and not _RELEASES.isdisjoint(suites))
