"""Captive DNS: every name is this board, so that a phone that looks for the internet finds the set-up page.

Messages: RFC 1035, section 4. Queries for anything but an IPv4 address get an answer without records.
"""

from micropython import const

_HEADER = const(12)
_MOST_IN_LABEL = const(63)
_RESPONSE, _AUTHORITY = const(0x80), const(0x04)
_ONE = b"\0\1"  # one question; type A; class IN
_RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4"  # the name asked for, A, IN, good for 10 s, 4 bytes


def answer(query, address):
    """The answer to a query, or None for what is none. address: text, four numbers with dots."""
    if len(query) < _HEADER or query[2] & 0xF8 or query[4:6] != _ONE:
        return None
    end = _HEADER
    while end < len(query) and query[end]:
        if query[end] > _MOST_IN_LABEL:
            return None
        end += 1 + query[end]
    end += 5  # the empty label, type, class
    if end > len(query):
        return None
    question = query[_HEADER:end]
    flags = bytes((_RESPONSE | _AUTHORITY | query[2] & 1, 0))
    if question[-4:] != _ONE + _ONE:
        return query[:2] + flags + _ONE + bytes(6) + question
    four = bytes([int(part) for part in address.split(".")])
    return query[:2] + flags + _ONE + _ONE + bytes(4) + question + _RECORD + four
