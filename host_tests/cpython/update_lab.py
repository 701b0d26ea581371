"""Payloads and keys for the tests of updates: made once, small where they can be."""

import functools
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from tools import image
from tools.update import form, payload, signing
from tools.update.describe import describe

FILES = {"main.py": b"print(1)\n", "version": b"1.1.0\n", "lib/lamp.mpy": b"M\x06" + bytes(600)}


def app(version: str = "1.1.0", **more: bytes) -> bytes:
    """An application of three small files; more: name of a module -> content."""
    modules = {f"lib/{name}.mpy": data for name, data in more.items()}
    return payload.tar(FILES | {"version": f"{version}\n".encode()} | modules)


def firmware(version: str = "1.1.0", body: bytes = b"ROMFS" * 2000, **options) -> bytes:
    return image.make(body, version=version, **options)


@functools.cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One key for each name; making one takes a moment."""
    return signing.new_key()


def public(name: str) -> signing.PublicKey:
    return signing.PublicKey(name, key(name).public_key())


def fields(data: bytes, version: str = "1.1.0", by: str = "ours", chip: str | None = None) -> dict:
    """The form of a payload, signed by the key of a name; chip: what the signature is for, if not the payload's."""
    found = describe(data)
    text = signing.signed_text(form.checksum(found), version, chip or found.chip)
    return form.fields(found, version, signing.sign(key(by), text))


def checksum(data: bytes, kind: str = "firmware") -> str:
    """The form's field for bytes that need not be a payload."""
    return f"sha256:{hashlib.sha256(data).hexdigest()};size={len(data)};kind={kind}"


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
