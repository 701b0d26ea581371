"""A4 pages of 3 x 7 labels as PDF: the grid of the label sheets that office shops sell (63.5 x 38.1 mm, 21 a page)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import getFont
from reportlab.pdfgen.canvas import Canvas

from tools.labels.drawing import HEIGHT, WIDTH, Label, bars, texts

COLUMNS, ROWS = 3, 7
_LEFT, _TOP = 7.25, 15.15  # mm, to the first label
_STEP_X, _STEP_Y = 66.0, 38.1


def draw(labels: Sequence[Label]) -> bytes:
    """The PDF file, with as many pages as it takes. The same labels give the same bytes."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    canvas.setTitle("Device labels")
    for number, label in enumerate(labels):
        place = number % (COLUMNS * ROWS)
        if number and not place:
            canvas.showPage()
        _label(canvas, label, _LEFT + place % COLUMNS * _STEP_X, _TOP + place // COLUMNS * _STEP_Y)
    canvas.save()
    return file.getvalue()


def faults(labels: Sequence[Label]) -> Iterator[str]:
    """Which labels have letters that PDF's own fonts have not, in words."""
    for label in labels:
        if not all(_can_show(text.font, letter) for text in texts(label) for letter in text.text):
            yield f"{label.sn}: the sheet shows some letters as black squares, its SVG has them"


def _can_show(name: str, letter: str) -> bool:
    """In the font itself, or in one of those that stand in for it."""
    font = getFont(name)
    for encoding in (font.encName, *(other.encName for other in font.substitutionFonts)):
        try:
            return bool(letter.encode(encoding))
        except UnicodeEncodeError:
            pass
    return False


def _label(canvas: Canvas, label: Label, left: float, top: float) -> None:
    """One label; left, top: mm from the page's top left corner. PDF counts from the bottom."""
    height = A4[1] / mm - top
    canvas.setLineWidth(0.1)
    canvas.setStrokeGray(0.8)  # where to cut; on label paper it lies on the edge
    canvas.roundRect(left * mm, (height - HEIGHT) * mm, WIDTH * mm, HEIGHT * mm, 2 * mm)
    canvas.setFillGray(0)
    for bar in bars(label):
        canvas.rect((left + bar.x) * mm, (height - bar.y - bar.height) * mm, bar.width * mm, bar.height * mm,
                    stroke=0, fill=1)
    for text in texts(label):
        canvas.setFont(text.font, text.size)
        canvas.drawString((left + text.x) * mm, (height - text.y) * mm, text.text)
