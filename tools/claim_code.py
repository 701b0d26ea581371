"""The label's claim code as a board keeps it, for its set-up page: ``/claim.qr``, read by lib/xyte/portal.

First line: what the code says. Then one line for each row of the QR code, `1` for dark and `0` for light, no margin.
The board only has to draw it.
"""

from collections.abc import Sequence

import segno

PATH = "/claim.qr"


def rows(text: str) -> Sequence[Sequence[int]]:
    """The rows of the QR code, 1 for dark. Error correction M: a scratch may cost 15 % of it; the smallest version."""
    return segno.make(text, error="m", micro=False, boost_error=False).matrix


def board_file(text: str) -> bytes:
    """The file for what the code says, usually the address at which the device is claimed; the label's code."""
    if not text or "\n" in text:
        raise ValueError("a claim code is one line of text")
    lines = ["".join("1" if dot else "0" for dot in row) for row in rows(text)]
    return "\n".join([text, *lines, ""]).encode()
