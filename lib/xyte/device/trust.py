"""Whom TLS believes: the certificates of the settings, in one context for life."""

import os
from binascii import a2b_base64

from xyte.errors import UntrustedError

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_END = b"-----END CERTIFICATE-----"


def prepare(connector):
    """Make its context ahead, while there is room; what is wrong with the certificates is told when one connects."""
    try:
        connector.context = context(connector.ca_files)
    except UntrustedError:
        pass


def context(ca_files):
    """A tls.SSLContext that verifies. ca_files: paths, PEM or DER. Raises UntrustedError."""
    import tls  # here, so that the module imports where there is no TLS

    made = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)  # its default is CERT_REQUIRED
    for path in ca_files:
        try:
            with open(path, "rb") as f:
                _load(made, f.read(os.stat(path)[6]))
        except OSError:
            raise UntrustedError("CA file %s cannot be read" % path)
        except ValueError:
            raise UntrustedError("CA file %s is not PEM or DER" % path)
    return made


def _load(made, data):
    """PEM (RFC 7468) is unpacked here: not every port's Mbed TLS can."""
    at = data.find(_BEGIN)
    if at < 0:
        made.load_verify_locations(data)
    while at >= 0:
        end = data.find(_END, at)
        if end < 0:
            raise ValueError("cut short")
        made.load_verify_locations(a2b_base64(data[at + len(_BEGIN) : end]))
        at = data.find(_BEGIN, end)
