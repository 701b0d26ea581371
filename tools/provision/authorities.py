"""CA certificates for the boards: files, or names of those that Mozilla trusts (the `certifi` package has them)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
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
    if len({authority.path for authority in chosen.values()}) < len(chosen):
        raise ProvisionError("two different CA certificates have one name: give one of them")
    return list(chosen.values())


def _certificates(text: str) -> list[x509.Certificate]:
    path = Path(text)
    if path.is_file():
        return _in_file(path)
    known = _trusted()
    name = text.casefold()
    if name in known:
        return [known[name]]
    like = [_name(known[key]) for key in known if name in key]
    if len(like) == 1:
        return [known[like[0].casefold()]]
    hint = f": did you mean {', '.join(sorted(like)[:6])}?" if like else ", as \"ISRG Root X1\" is"
    raise ProvisionError(f"{text!r} is neither a file nor the name of a CA on Mozilla's list{hint}")


def _in_file(path: Path) -> list[x509.Certificate]:
    data = path.read_bytes()
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        raise ProvisionError(f"{path} is not a certificate in PEM or DER") from None


@cache
def _trusted() -> dict[str, x509.Certificate]:
    """Name in lower case -> certificate, for all of certifi."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # an old root has the serial number 0
        every = x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())
    return {_name(certificate).casefold(): certificate for certificate in every}


def _name(certificate: x509.Certificate) -> str:
    """The common name; older roots have none but an organizational unit."""
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
        if attributes := certificate.subject.get_attributes_for_oid(kind):
            return str(attributes[0].value)
    return certificate.subject.rfc4514_string()


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
