"""Updates for the tests: built, signed, and broken in every way that an update can be broken."""

import functools
import hashlib
import random
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from rig import MAIN, RUN

from tools import build, image
from tools.update import form, payload, signing
from tools.update.application import application as build_application
from tools.update.describe import APPLICATION, FIRMWARE, describe

KINDS = (FIRMWARE, APPLICATION)
KEY_PATH = "/keys/test.pub"
_MODULE = 16384  # bytes: a download goes on at the start of a file, and none that a board can load is much larger


@dataclass(frozen=True)
class Update:
    """What an operator uploads. data: the file. fields: of the form."""

    kind: str
    version: str
    data: bytes
    fields: dict[str, Any] = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.data)

    def gzip(self) -> "Update":
        """The same payload, packed: what is signed stays as it is."""
        return replace(self, data=payload.compress(self.data))

    def serving(self, data: bytes) -> "Update":
        """The same promises, kept with other bytes."""
        return replace(self, data=data)

    def saying(self, **fields: Any) -> "Update":
        """The same bytes, with other fields in the form."""
        return replace(self, fields=self.fields | fields)


@functools.cache
def key() -> RSAPrivateKey:
    """The one whose public half is on the boards of these tests."""
    return signing.new_key()


@functools.cache
def unknown_key() -> RSAPrivateKey:
    return signing.new_key()


def public_key() -> bytes:
    return signing.public_text(key().public_key()).encode()


def make(kind: str, version: str, change: str = "", *, good: str = "") -> Update:
    """An update of either kind. change: code that its first module of the user's or the agent's begins with.

    good: code that the application begins with, whichever kind it is; see `main_with`.
    """
    if kind == FIRMWARE:
        return signed(firmware(version, {"agent.py": change} if change else {}), version)
    return signed(application(version, main_with(good + change)), version)


def main_with(code: str) -> str:
    """The application of these tests, with more code in front of the loop."""
    return MAIN + code + RUN


@functools.cache
def plain_firmware(version: str) -> bytes:
    return build.firmware(version)


def firmware(version: str, changes: Mapping[str, str] | None = None) -> bytes:
    """An image. changes: module of the agent -> code that is added at its end."""
    if not changes:
        return plain_firmware(version)
    with tempfile.TemporaryDirectory() as scratch:
        agent = Path(scratch, "xyte")
        shutil.copytree(build.AGENT, agent, ignore=shutil.ignore_patterns("__pycache__"))
        for name, code in changes.items():
            with open(agent / name, "a") as module:
                module.write("\n" + code)
        return build.firmware(version, agent)


def application(version: str, main: str = MAIN + RUN, lib: Mapping[str, str] | None = None) -> bytes:
    """A tar. lib: module -> its source."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "main.py")
        source.write_text(main)
        modules = Path(scratch, "lib")
        modules.mkdir()
        for name, code in (lib or {}).items():
            (modules / name).write_text(code)
        return build_application(version, source, modules)


def signed(data: bytes, version: str, by: RSAPrivateKey | None = None, signed_version: str = "") -> Update:
    """The payload with its form filled in. signed_version: what the signature says, when it is to be wrong."""
    found = describe(data)
    text = signing.signed_text(form.checksum(found), signed_version or version, found.chip)
    return Update(found.kind, version, data, form.fields(found, version, signing.sign(by or key(), text)))


def forged(data: bytes, version: str, kind: str, chip: str = "esp32", size: int | None = None) -> Update:
    """Signed as if it were what it is not: `tools sign` would refuse it."""
    promised = form.Checksum(hashlib.sha256(data).hexdigest(), len(data) if size is None else size, kind)
    mark = signing.sign(key(), signing.signed_text(promised, version, chip if kind == FIRMWARE else "any"))
    fields = {"file_type": form.FILE_TYPE, "version": version, "checksum": str(promised), "signature": mark}
    return Update(kind, version, data, fields)


@functools.cache
def large(kind: str, version: str, kilobytes: int) -> Update:
    """A good update with so many KiB more that do not pack: several pieces to download."""
    filling = random.Random(kilobytes).randbytes(kilobytes * 1024)
    if kind == APPLICATION:
        files = {f"lib/filling{i:02}.mpy": filling[i * _MODULE :][:_MODULE] for i in range(len(filling) // _MODULE)}
        files |= payload.files_in(application(version))
        return signed(payload.tar(files), version)
    whole = plain_firmware(version)
    found = image.parse(whole)
    code = whole[found.payload_offset :][: found.payload_size]
    return signed(image.make(code + filling, version=version), version)
