"""A line through a few points, as SVG that is readable on a light and on a dark page."""

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, MARGIN = 640, 320, 56
INK, LINE = "#7a7a7a", "#2f81f7"


def line_chart(points: Sequence[tuple[float, float]], *, across: str, upwards: str) -> str:
    """The chart. Both axes start at zero, so that a line that is not proportional can be seen to be none."""
    right, top = max(x for x, _ in points), max(y for _, y in points)

    def place(x: float, y: float) -> tuple[float, float]:
        """Position of a value on the canvas, in pixels from the upper left corner."""
        return MARGIN + x / right * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN - y / top * (HEIGHT - 2 * MARGIN)

    (left, floor), (end, ceiling) = place(0, 0), place(right, top)
    places = [place(*point) for point in points]
    drawn = [
        f'<path d="M{left} {ceiling}V{floor}H{end}" fill="none" stroke="{INK}"/>',
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" fill="none" stroke="{LINE}" stroke-width="2"/>',
        _text(end, HEIGHT - 12, across, "end"),
        _text(left, MARGIN - 24, upwards, "start"),
    ]
    for (x, y), (count, value) in zip(places, points, strict=True):
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{LINE}"/>')
        drawn.append(_text(x, y - 10, f"{value:.1f}", "middle"))
        drawn.append(_text(x, floor + 18, f"{count:g}", "middle"))
    frame = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    return f'<svg {frame} fill="{INK}">\n' + "\n".join(drawn) + "\n</svg>\n"


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
