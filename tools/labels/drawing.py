"""What is on a label, and where: texts and QR modules in millimetres, drawn the same way into SVG and PDF.

The size is that of the most common label sheet for printers, 63.5 x 38.1 mm (21 on A4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reportlab.pdfbase.pdfmetrics import stringWidth

from tools import claim_code

WIDTH, HEIGHT = 63.5, 38.1
MM_PER_POINT = 25.4 / 72
QR_SIDE = 30.0  # the quiet zone of 4 modules included
_QR_X, _QR_Y = 1.5, (HEIGHT - QR_SIDE) / 2 - 1.5
_QUIET = 4
_TEXT_X, _TEXT_WIDTH = 32.5, WIDTH - 32.5 - 2.5
_PLAIN, _BOLD, _FIXED = "Helvetica", "Helvetica-Bold", "Courier-Bold"
CAPTION_POINTS, _CLAIM_POINTS = 5.0, 6.0
_LEAST_ON_ONE_LINE, _ON_TWO_LINES = 7.0, 6.5
_LINE = 2.5  # mm between two lines of one value
SERIAL, PASSWORD, MAC, CLAIM = CAPTIONS = ("Serial number", "Set-up password", "MAC", "Scan to claim this device")


@dataclass(frozen=True)
class Label:
    """claim: the address in the QR code. claim, setup_password: empty when not known; that part is left out then."""

    sn: str
    mac: str
    claim: str
    name: str = ""
    setup_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Text:
    """Text on a baseline; x, y in mm from the label's top left corner, size in points, font by its PDF name."""

    x: float
    y: float
    size: float
    font: str
    text: str


@dataclass(frozen=True)
class Bar:
    """A black rectangle: neighbouring dark modules of one row of the QR code; mm."""

    x: float
    y: float
    width: float
    height: float


def texts(label: Label) -> Iterator[Text]:
    """All texts of a label, from top to bottom."""
    y = 4.0
    if label.name:
        lines = _value(y + 2.6, 9.0, _BOLD, label.name)
        yield from lines
        y = lines[-1].y
    for caption, size, value in ((SERIAL, 9.0, label.sn), (PASSWORD, 9.0, label.setup_password), (MAC, 7.5, label.mac)):
        if value:
            yield Text(_TEXT_X, y + 4.4, CAPTION_POINTS, _PLAIN, caption)
            lines = _value(y + 7.6, size, _FIXED, value)
            yield from lines
            y = lines[-1].y
    if label.claim:
        x = _QR_X + (QR_SIDE - _width(CLAIM, _PLAIN, _CLAIM_POINTS)) / 2
        yield Text(x, HEIGHT - 3.4, _CLAIM_POINTS, _PLAIN, CLAIM)


def bars(label: Label) -> Iterator[Bar]:
    """The dark parts of the QR code."""
    code = claim_code.rows(label.claim) if label.claim else []
    module = QR_SIDE / (len(code) + 2 * _QUIET)
    for number, row in enumerate(code):
        y = _QR_Y + (number + _QUIET) * module
        for first, length in _runs(row):
            yield Bar(_QR_X + (first + _QUIET) * module, y, length * module, module)


def _runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first column, length) of each run of dark modules."""
    start = None
    for column, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            yield start, column - start
            start = None


def _value(y: float, size: float, font: str, text: str) -> list[Text]:
    """A value in one line, or in two smaller ones. What even two cannot hold is cut, and the cut is shown."""
    fitting = size * min(1.0, _TEXT_WIDTH / _width(text, font, size))
    if fitting >= _LEAST_ON_ONE_LINE:
        return [Text(_TEXT_X, y, fitting, font, text)]
    first = _start(text, font)
    rest = text[len(first):].lstrip()
    if _start(rest, font) != rest:
        rest = _start(rest, font, "…") + "…"
    y -= 0.4
    return [Text(_TEXT_X, y, _ON_TWO_LINES, font, first), Text(_TEXT_X, y + _LINE, _ON_TWO_LINES, font, rest)]


def _start(text: str, font: str, mark: str = "") -> str:
    """As much of the text as fits a line with `mark` behind it; up to a space, if one is near."""
    end = len(text)
    while _width(text[:end] + mark, font, _ON_TWO_LINES) > _TEXT_WIDTH:
        end -= 1
    space = text.rfind(" ", end * 2 // 3, end + 1)
    return text[:space] if end < len(text) and space > 0 else text[:end]


def _width(text: str, font: str, size: float) -> float:
    return stringWidth(text, font, size) * MM_PER_POINT
