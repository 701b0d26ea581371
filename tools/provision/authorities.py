"""CA certificates for the boards: files, or names of those that Mozilla trusts (the `certifi` package has them)."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtensionOID, NameOID

from tools.provision.problem import ProvisionError

MOST = 4  # the agent takes no more


@dataclass(frozen=True)
class Authority:
    """path: on the board. data: the certificate in DER, the form that is smallest and quickest to read."""

    name: str
    path: str
    data: bytes


def choose(wanted: Iterable[str]) -> list[Authority]:
    """wanted: names of certificates in certifi, or files with one or more PEM or DER certificates.

    Raises ProvisionError: unknown, ambiguous, expired, no CA, or more than a board takes.
    """
    found = [certificate for text in wanted for certificate in _certificates(text)]
    chosen = {(authority := _authority(certificate)).data: authority for certificate in found}
    if len(chosen) > MOST:
        raise ProvisionError(f"{len(chosen)} CA certificates are more than the {MOST} that a board takes")
    used = Counter(authority.path for authority in chosen.values())
    return [_apart(authority) if used[authority.path] > 1 else authority for authority in chosen.values()]


def _apart(authority: Authority) -> Authority:
    """With a file of its own, where others have the same name: an old root and its successor, say."""
    stem = authority.path.removesuffix(".der")
    return replace(authority, path=f"{stem}-{hashlib.sha256(authority.data).hexdigest()[:8]}.der")


def _certificates(text: str) -> list[x509.Certificate]:
    path = Path(text)
    if path.is_file():
        return _in_file(path)
    name = text.casefold()
    like = [certificate for certificate in _trusted() if name in _full_name(certificate).casefold()]
    for exact in (_name, _full_name):
        if same := [certificate for certificate in like if exact(certificate).casefold() == name]:
            like = same
    if len(like) == 1:
        return like
    names = sorted(map(_full_name, like))
    hint = f": did you mean {'; or '.join(names[:6])}?" if like else ", as \"ISRG Root X1\" is"
    raise ProvisionError(f"{text!r} is neither a file nor the name of one CA on Mozilla's list{hint}")


def _in_file(path: Path) -> list[x509.Certificate]:
    data = path.read_bytes()
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        raise ProvisionError(f"{path} is not a certificate in PEM or DER") from None


@cache
def _trusted() -> list[x509.Certificate]:
    """All of certifi."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # an old root has the serial number 0
        return x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())


def _names(certificate: x509.Certificate) -> list[str]:
    kinds = (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME)
    found = [str(name.value) for kind in kinds for name in certificate.subject.get_attributes_for_oid(kind)]
    return found or [certificate.subject.rfc4514_string()]


def _name(certificate: x509.Certificate) -> str:
    """The common name; older roots have none but an organizational unit."""
    return _names(certificate)[0]


def _full_name(certificate: x509.Certificate) -> str:
    """What tells CAs of one common name apart: `GlobalSign / GlobalSign Root CA - R3`."""
    return " / ".join(_names(certificate)[:2])


def _authority(certificate: x509.Certificate) -> Authority:
    name = _name(certificate)
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise ProvisionError(f"the CA certificate {name!r} expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    try:
        is_ca = certificate.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS).value.ca
    except x509.ExtensionNotFound:
        is_ca = certificate.subject == certificate.issuer
    if not is_ca:
        raise ProvisionError(f"{name!r} is a server's certificate, not a CA's: give the CA that signed it")
    short = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40]
    return Authority(name, f"/ca/{short or 'ca'}.der", certificate.public_bytes(Encoding.DER))
