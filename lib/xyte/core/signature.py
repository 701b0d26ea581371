"""RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2), exponent 65537, by the interpreter's own three-argument pow."""

from binascii import a2b_base64, unhexlify

_DIGEST_INFO = unhexlify("003031300d060960864801650304020105000420")
_DIGEST_BYTES = 32
_EXPONENT = 65537
_LEAST_BITS = 3072


def modulus(text):
    """A public key from its file: the modulus in hex, one line. Raises ValueError."""
    data = unhexlify(text.strip())
    if len(data) * 8 < _LEAST_BITS or not data[0]:
        raise ValueError("at least %d bits in hex" % _LEAST_BITS)
    return data


def opened(signature, key):
    """The SHA-256 that the owner of `key` (modulus as bytes) has signed; None when `signature` is not one of theirs.

    Raises ValueError when it is not base64 of as many bytes as the key has.
    """
    mark = a2b_base64(signature)
    if len(mark) != len(key):
        raise ValueError("%d bytes" % len(mark))
    number, value = int.from_bytes(key, "big"), int.from_bytes(mark, "big")
    if value >= number:
        return None
    block = pow(value, _EXPONENT, number).to_bytes(len(key), "big")
    filling = b"\xff" * (len(key) - 2 - len(_DIGEST_INFO) - _DIGEST_BYTES)
    return block[-_DIGEST_BYTES:] if block[:-_DIGEST_BYTES] == b"\0\1" + filling + _DIGEST_INFO else None
