"""A curve as an SVG file: plain text, so that a difference shows in a diff."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 20, 40, 40


def line(values: Sequence[int], title: str, *, last_x: int, unit: str, top: int) -> str:
    """values: at equal distances from 0 to last_x. top: the y axis goes from 0 to there."""
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    points = " ".join(f"{_LEFT + wide * i / (len(values) - 1):.1f},{_TOP + high * (1 - value / top):.1f}"
                      for i, value in enumerate(values))
    ground = _TOP + high
    texts = [
        (_LEFT, 22, "start", title), (_LEFT - 8, _TOP + 5, "end", f"{top} {unit}"), (_LEFT - 8, ground, "end", "0"),
        (_LEFT, ground + 22, "middle", "0"), (_LEFT + wide, ground + 22, "end", f"{last_x} cycles"),
    ]
    words = "\n".join(f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
                      for x, y, anchor, text in texts)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" \
font-size="13">
<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>
<path d="M{_LEFT},{_TOP} V{ground} H{_LEFT + wide}" fill="none" stroke="#888"/>
<polyline points="{points}" fill="none" stroke="#0a58ca" stroke-width="2"/>
{words}
</svg>
"""
