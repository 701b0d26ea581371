"""RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2), exponent 65537, by the interpreter's own three-argument pow."""

from binascii import a2b_base64, unhexlify
from hashlib import sha256

_DIGEST_INFO = unhexlify("3031300d060960864801650304020105000420")
_EXPONENT = 65537
_LEAST_BITS = 3072


def modulus(text):
    """A public key from its file: the modulus in hex, one line. Raises ValueError."""
    data = unhexlify(text.strip())
    if len(data) * 8 < _LEAST_BITS or not data[0]:
        raise ValueError("a public key is a modulus of at least %d bits, in hex" % _LEAST_BITS)
    return data


def verify(text, signature, key):
    """Is `signature` (base64) one over `text` by the owner of `key` (modulus as bytes)?"""
    try:
        mark = a2b_base64(signature)
    except ValueError:
        return False
    if len(mark) != len(key):
        return False
    number = int.from_bytes(key, "big")
    value = int.from_bytes(mark, "big")
    if value >= number:
        return False
    digest = sha256(text.encode()).digest()
    filling = b"\xff" * (len(key) - 3 - len(_DIGEST_INFO) - len(digest))
    return pow(value, _EXPONENT, number).to_bytes(len(key), "big") == (
        b"\0\1" + filling + b"\0" + _DIGEST_INFO + digest
    )
