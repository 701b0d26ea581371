"""The cloud's own certificate authority, and server certificates good and bad; made once per data folder."""

from __future__ import annotations

import ipaddress
import os
import shutil
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KINDS = ("good", "wrong-ca", "wrong-name", "expired")
TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

_NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)
_WRONG_NAMES: tuple[x509.GeneralName, ...] = (x509.DNSName("elsewhere.example"),)

# From well in the past, so that a board whose clock is behind can still verify; within 2049, the last year
# of the shorter time format.
_VALID_DAYS = (-365, 20 * 365)
_EXPIRED_DAYS = (-300, -30)


class Authority:
    """A CA: its certificate and key, in memory."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject(name)
        self._certificate = _sign(
            _builder(self._name, self._name, self._key.public_key(), _VALID_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(for_ca=True), critical=True),
            self._key,
        )

    def save(self, folder: Path, name: str) -> None:
        """As NAME.pem and NAME.key."""
        _write(folder / f"{name}.pem", _pem(self._certificate))
        _write(folder / f"{name}.key", _key_pem(self._key))

    def issue(
        self, folder: Path, name: str, names: Sequence[x509.GeneralName], days: tuple[int, int] = _VALID_DAYS
    ) -> None:
        """A server certificate for `names` as NAME.pem and NAME.key, valid from and to `days` from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = _sign(
            _builder(_subject("Local Xyte cloud"), self._name, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(for_ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(authority_key, critical=False),
            self._key,
        )
        _write(folder / f"{name}.pem", _pem(certificate))
        _write(folder / f"{name}.key", _key_pem(key))


def prepare(folder: Path, name: str = "") -> Path:
    """Make all certificates unless `folder` has them; returns the CA file that boards trust.

    name: a name or address that they are good for too, besides this machine's own. The folder appears whole or not at
    all, so a first start that is cut short leaves nothing half made. Raises ValueError when the folder has
    certificates without `name`.
    """
    if not folder.exists():
        names = (*_NAMES, _general_name(name)) if name else _NAMES
        fresh = folder.with_name(folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        ours, other = Authority("Local Xyte cloud CA"), Authority("Another CA")
        ours.save(fresh, "ca")
        other.save(fresh, "other-ca")
        ours.issue(fresh, "good", names)
        other.issue(fresh, "wrong-ca", names)
        ours.issue(fresh, "wrong-name", _WRONG_NAMES)
        ours.issue(fresh, "expired", names, _EXPIRED_DAYS)
        fresh.rename(folder)
    elif name and _general_name(name) not in _names_in(folder / "good.pem"):
        raise ValueError(f"the certificates in {folder} are not good for {name}: choose a new --data")
    return (folder / "ca.pem").resolve()


def server_context(folder: Path, kind: str, highest: str) -> ssl.SSLContext:
    """For a server that shows the certificate `kind` (one of KINDS) and speaks TLS 1.2 up to `highest`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = TLS_VERSIONS[highest]
    context.load_cert_chain(folder / f"{kind}.pem", folder / f"{kind}.key")
    return context


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_in(path: Path) -> list[x509.GeneralName]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: tuple[int, int]
) -> x509.CertificateBuilder:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + timedelta(days=days[0]))
        .not_valid_after(today + timedelta(days=days[1]))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())


def _key_usage(for_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not for_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=for_ca,
        crl_sign=for_ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes) -> None:
    """Keys are for their owner only, from the moment the file is there."""
    mode = 0o600 if path.suffix == ".key" else 0o644
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
