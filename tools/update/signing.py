"""Keys and signatures of updates: RSA-3072, PKCS#1 v1.5, SHA-256, over a short text that says what the payload is.

A private key is a PEM file (PKCS#8, for its owner only). A public key is what a board keeps: one line with the
modulus as lower-case hex; the exponent is always 65537.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tools.update.form import Checksum

BITS = 3072
_EXPONENT = 65537
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


class KeyFileError(ValueError):
    """A key file is missing, or is no key of the kind that boards know; the text says what to do."""


class SignatureRefused(ValueError):
    """A signature does not hold; the text says in which way."""


@dataclass(frozen=True)
class PublicKey:
    """One key that a board trusts; name: for people, of its file."""

    name: str
    key: rsa.RSAPublicKey


def signed_text(checksum: Checksum, version: str, chip: str) -> bytes:
    """The text a signature is over. chip: "esp32" and the like for firmware, "any" for an application."""
    return (
        f"xyte-update-1\nkind={checksum.kind}\nversion={version}\nchip={chip}\n"
        f"size={checksum.size}\nsha256={checksum.sha256}\n"
    ).encode()


def sign(key: rsa.RSAPrivateKey, text: bytes) -> str:
    """The signature as base64 without line breaks, 512 characters."""
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def check(signature: str, text: bytes, keys: Iterable[PublicKey]) -> PublicKey:
    """The key that made `signature` over `text`. Raises SignatureRefused.

    A key that opens the signature but finds another digest in it did sign something, but not this: that is told
    apart from a signature by an unknown key.
    """
    keys = list(keys)
    names = ", ".join(key.name for key in keys)
    for key in keys:
        digest = _opened(key.key, _raw(signature))
        if digest == hashlib.sha256(text).digest():
            return key
        if digest is not None:
            raise SignatureRefused(f"signed with {key.name}, but for another file, version or chip")
    raise SignatureRefused(f"signed with a key that the board does not have, or damaged (it has: {names})")


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(_EXPONENT, BITS)


def public_text(key: rsa.RSAPublicKey) -> str:
    """The content of a public key's file."""
    return f"{key.public_numbers().n:0{BITS // 4}x}\n"


def save(key: rsa.RSAPrivateKey, folder: Path, name: str) -> tuple[Path, Path]:
    """Write NAME.pem and NAME.pub, never over a key that is there; returns both paths. Raises KeyFileError."""
    if not _NAME.fullmatch(name):
        raise KeyFileError(f"{name!r}: a key's name has letters, digits and . _ - in it")
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    for path in (private, public):
        if path.exists():
            raise KeyFileError(f"{path} is there already, and a key that is lost cannot be made again; "
                               "choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption())
    with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    public.write_text(public_text(key.public_key()))
    return private, public


def load_private(path: Path) -> rsa.RSAPrivateKey:
    """The key in a PEM file without password. Raises KeyFileError, never with the file's content in it."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    except (TypeError, ValueError):  # with a password, or no key at all
        raise KeyFileError(f"{path} is no private key without password; `python -m tools keys new` makes one") from None
    if not isinstance(key, rsa.RSAPrivateKey) or not _fits(key.public_key()):
        raise KeyFileError(f"{path} is not an RSA key of {BITS} bits, the only kind that boards check")
    return key


def load_public(path: Path) -> PublicKey:
    """The key in a .pub file. Raises KeyFileError."""
    try:
        text = path.read_text("ascii").strip()
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    if not re.fullmatch(f"[0-9a-f]{{{BITS // 4}}}", text) or not int(text, 16) >> (BITS - 1):
        raise KeyFileError(f"{path} is no public key: one line of {BITS // 4} lower-case hex digits (the .pub file)")
    return PublicKey(path.stem, rsa.RSAPublicNumbers(_EXPONENT, int(text, 16)).public_key())


def _fits(key: rsa.RSAPublicKey) -> bool:
    return key.key_size == BITS and key.public_numbers().e == _EXPONENT


def _raw(signature: str) -> bytes:
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:  # binascii.Error is one, and so is what is not ASCII
        raise SignatureRefused("the signature is not base64") from None
    if len(raw) != BITS // 8:
        raise SignatureRefused(f"the signature has {len(raw)} bytes instead of {BITS // 8}")
    return raw


def _opened(key: rsa.RSAPublicKey, raw: bytes) -> bytes | None:
    """The digest that the key's owner signed, or None when this key did not make the signature."""
    try:
        return key.recover_data_from_signature(raw, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return None
