"""A label as an SVG file, for label printers and design programs. Sizes in millimetres."""

from __future__ import annotations

from xml.sax.saxutils import escape

from tools.labels.drawing import HEIGHT, MM_PER_POINT, WIDTH, Label, bars, texts

_FAMILIES = {"Helvetica": "Helvetica, Arial, sans-serif", "Courier": "'Courier New', Courier, monospace"}


def draw(label: Label) -> str:
    """The text of the file."""
    code = "".join(f"M{bar.x:.3f} {bar.y:.3f}h{bar.width:.3f}v{bar.height:.3f}h-{bar.width:.3f}z"
                   for bar in bars(label))
    size = f'width="{WIDTH}mm" height="{HEIGHT}mm" viewBox="0 0 {WIDTH} {HEIGHT}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<title>{escape(label.sn)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path d="{code}" shape-rendering="crispEdges"/>',
    ]
    for text in texts(label):
        family, _, weight = text.font.partition("-")
        lines.append(f'<text x="{text.x:.2f}" y="{text.y:.2f}" font-size="{text.size * MM_PER_POINT:.3f}" '
                     f'font-family="{_FAMILIES[family]}" font-weight="{weight.lower() or "normal"}">'
                     f"{escape(text.text)}</text>")
    return "\n".join([*lines, "</svg>", ""])


def says(text: str, file: str) -> bool:
    """Whether the text of a file has this text on the label."""
    return f">{escape(text)}</text>" in file
