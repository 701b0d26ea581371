"""Identifiers that are made up for a device, and the address its label points to.

Cloud ID: the partner's short code, then 16 to 36 letters and digits (Xyte's page "Generating a Cloud ID"). Claim
address: `https://<customers' domain>/c/<Cloud ID>` (page "QR Code Claiming").
"""

from __future__ import annotations

import re
import secrets
import string
from urllib.parse import SplitResult, urlsplit

from tools.provision.problem import ProvisionError

_UNIQUE, _LEAST, _MOST = 20, 16, 36
_SHORT_CODE = "[0-9A-Za-z_-]{0,16}"  # nobody documents it; a generous guess
_PASSWORD = "abcdefghjkmnpqrstuvwxyz23456789"  # no l, o, 0, 1, i: it is read from a label and typed on a phone
_GROUPS, _GROUP = 3, 4


def new_cloud_id(short_code: str) -> str:
    """A fresh Cloud ID, of 119 random bits."""
    return short_code + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_UNIQUE))


def check_cloud_id(cloud_id: str, short_code: str) -> None:
    """Raises ProvisionError when this can be no Cloud ID of the partner. short_code: empty when it is not known."""
    if not cloud_id.startswith(short_code):
        raise ProvisionError(f"the Cloud ID {cloud_id!r} does not begin with the short code {short_code}")
    begin = re.escape(short_code) or _SHORT_CODE
    if not re.fullmatch(f"{begin}[0-9A-Za-z]{{{_LEAST},{_MOST}}}", cloud_id):
        raise ProvisionError(f"{cloud_id!r} is no Cloud ID: the partner's short code, then {_LEAST} to {_MOST} letters "
                             "and digits, no other characters")


def check_short_code(short_code: str) -> None:
    """Raises ProvisionError when no Cloud ID can begin with it."""
    if not re.fullmatch(_SHORT_CODE, short_code):
        raise ProvisionError(f"{short_code!r} is no short code: letters and digits, as the Partner Portal shows it")


def new_setup_password() -> str:
    """A password for the set-up portal, of 59 random bits: `k7mh-29xd-qwpn`."""
    return "-".join("".join(secrets.choice(_PASSWORD) for _ in range(_GROUP)) for _ in range(_GROUPS))


def claim_address(portal: str, cloud_id: str) -> str:
    """What a customer's phone opens to claim the device. portal: the partner's customer domain, or its URL.

    Raises ProvisionError.
    """
    parts = split_url(portal if "//" in portal else f"https://{portal}")
    has_blanks = len(portal.split()) != 1
    if has_blanks or not parts or parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ProvisionError(f"{portal!r} is not the address of a customer portal: give it as cloud.example.com")
    return f"https://{parts.netloc}/c/{cloud_id}"


def claim(portal: str, cloud_id: str) -> str:
    """What a label's QR code holds; empty, which is no code, without a portal or a Cloud ID. Raises ProvisionError."""
    return claim_address(portal, cloud_id) if portal and cloud_id else ""


def split_url(text: str) -> SplitResult | None:
    """The parts of a URL; None for what only looks like one: `https://[x`, a port that is no number, no plain text."""
    try:
        parts = urlsplit(text)
        return parts if text.isascii() and parts.port != 0 else None
    except ValueError:
        return None
