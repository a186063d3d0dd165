"""Pictures of an exam as SVG: a sensor's series with what was true and what was said."""

from collections.abc import Sequence
from html import escape

__all__ = ["series_svg", "timeline_svg"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 760.0, 190.0, 56.0, 26.0

_COLOURS = {"blue": "#2f6fd0", "yellow": "#c99a00", "red": "#c8322b"}


def _x(at_s: float, begin_s: float, end_s: float) -> float:
    return _LEFT + (at_s - begin_s) / max(end_s - begin_s, 1e-9) * (_WIDTH - _LEFT - 8.0)


_SHORT_S = 600.0
"""In shorter spans hours and minutes would say the same at every line."""


def _clock(at_s: float, span_s: float) -> str:
    if span_s < _SHORT_S:
        return f"{at_s:.0f} s"
    minutes = int(at_s // 60)
    days, rest = divmod(minutes, 1440)
    return f"{days}d {rest // 60:02}:{rest % 60:02}" if days else f"{rest // 60:02}:{rest % 60:02}"


def _axis(begin_s: float, end_s: float, height: float) -> list[str]:
    parts = []
    for number in range(6):
        at_s = begin_s + (end_s - begin_s) * number / 5.0
        x = _x(at_s, begin_s, end_s)
        anchor = "end" if number == 5 else "middle"
        label = _clock(at_s, end_s - begin_s)
        parts.append(
            f'<line x1="{x:.1f}" y1="8" x2="{x:.1f}" y2="{height - _BOTTOM:.1f}" class="grid"/>'
            f'<text x="{x:.1f}" y="{height - 8:.1f}" text-anchor="{anchor}">{label}</text>'
        )
    return parts


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        + "".join(parts)
        + "</svg>"
    )


def series_svg(
    title: str,
    points: Sequence[tuple[float, float]],
    *,
    thresholds: Sequence[tuple[str, float]] = (),
    spans: Sequence[tuple[float, float, str]] = (),
    marks: Sequence[tuple[float, str]] = (),
) -> str:
    """Return a curve over time.

    Args:
        title: for screen readers.
        points: (second, value) in rising order; at least two.
        thresholds: (level, value), drawn as lines.
        spans: (from, to, label), drawn as a shaded stretch: what was true.
        marks: (second, label), drawn as a needle: what was said.
    """
    begin_s, end_s = points[0][0], points[-1][0]
    values = [value for _, value in points] + [value for _, value in thresholds]
    low, high = min(values), max(values)
    room = (high - low or 1.0) * 0.08
    low, high = low - room, high + room

    def y(value: float) -> float:
        return 8.0 + (high - value) / (high - low) * (_HEIGHT - _BOTTOM - 8.0)

    parts = []
    for from_s, to_s, label in spans:
        left, right = _x(max(from_s, begin_s), begin_s, end_s), _x(min(to_s, end_s), begin_s, end_s)
        parts.append(
            f'<rect x="{left:.1f}" y="8" width="{max(right - left, 1.0):.1f}" '
            f'height="{_HEIGHT - _BOTTOM - 8:.1f}" class="true"><title>{escape(label)}</title></rect>'
        )
    parts += _axis(begin_s, end_s, _HEIGHT)
    for level, value in thresholds:
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
            f'stroke="{_COLOURS.get(level, "#777")}" stroke-dasharray="4 3"/>'
        )
    for value in (low + room, high - room):
        parts.append(
            f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        )
    line = " ".join(f"{_x(at_s, begin_s, end_s):.1f},{y(value):.1f}" for at_s, value in points)
    parts.append(f'<polyline points="{line}" class="curve"/>')
    for at_s, label in marks:
        x = _x(at_s, begin_s, end_s)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="{_HEIGHT - _BOTTOM:.1f}" class="said"/>'
            f'<text x="{min(x + 4, _WIDTH - 90):.1f}" y="20">{escape(label)}</text>'
        )
    return _svg(title, _HEIGHT, parts)


def timeline_svg(
    title: str,
    rows: Sequence[
        tuple[str, Sequence[tuple[float, float, str]], Sequence[tuple[float, str, bool]]]
    ],
    end_s: float,
) -> str:
    """Return what was true (bars) and what was said (dots) over a whole run.

    Args:
        title: for screen readers.
        rows: (label, bars as (from, to, level), dots as (second, level, whether it was right)).
        end_s: end of the run, seconds.
    """
    row_height = 22.0
    height = 8.0 + row_height * len(rows) + _BOTTOM
    parts = _axis(0.0, end_s, height)
    for number, (label, bars, dots) in enumerate(rows):
        middle = 8.0 + row_height * (number + 0.5)
        parts.append(f'<text x="2" y="{middle - 4:.1f}" class="label">{escape(label)}</text>')
        for from_s, to_s, level in bars:
            left, right = _x(from_s, 0.0, end_s), _x(min(to_s, end_s), 0.0, end_s)
            parts.append(
                f'<rect x="{left:.1f}" y="{middle:.1f}" width="{max(right - left, 1.5):.1f}" '
                f'height="6" fill="{_COLOURS.get(level, "#777")}" fill-opacity="0.45"/>'
            )
        for at_s, level, right_one in dots:
            colour = _COLOURS.get(level, "#777") if right_one else "none"
            parts.append(
                f'<circle cx="{_x(at_s, 0.0, end_s):.1f}" cy="{middle + 3:.1f}" r="3.2" '
                f'fill="{colour}" stroke="{_COLOURS.get(level, "#777")}"/>'
            )
    return _svg(title, height, parts)
