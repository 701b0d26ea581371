"""The label's claim code as a board keeps it, for its set-up page: ``/claim.qr``, read by lib/xyte/portal.

First line: what the code says. Then one line for each row of the QR code, `1` for dark and `0` for light, no margin.
The board only has to draw it.
"""

import segno

PATH = "/claim.qr"


def board_file(text: str) -> bytes:
    """The file for what the code says, usually the address at which the device is claimed.

    The same code as on the label: error correction M, the smallest version that holds it.
    """
    if not text or "\n" in text:
        raise ValueError("a claim code is one line of text")
    code = segno.make(text, error="m", micro=False, boost_error=False)
    rows = ["".join(str(int(bool(dot))) for dot in row) for row in code.matrix]
    return "\n".join([text, *rows, ""]).encode()
