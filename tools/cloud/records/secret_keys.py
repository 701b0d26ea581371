"""Secrets at rest: the database holds digests, so no listing, log or copy of it can give a key away.

The keys are random and long, so a plain SHA-256 is enough; a slow password hash would protect nothing more.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_access_key() -> str:
    """32 hex digits, the form of all samples on dev.xyte.io."""
    return secrets.token_hex(16)


def digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def matches(key: str, stored_digest: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(digest(key), stored_digest)


def hint(key: str) -> str:
    """What people may see of a key."""
    return f"{key[:4]}…"
