"""Title templates and durations: small languages with nothing to reach through."""

import math

import pytest

from rules.durations import parse_duration
from rules.titles import compile_title

NAMES = {"site", "depth_m", "open"}


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("plain", {}, "plain"),
        ("{site}: {depth_m:.2f} m", {"site": "west", "depth_m": 0.256}, "west: 0.26 m"),
        ("{depth_m}", {"depth_m": 0.5}, "0.5"),
        ("{depth_m:.1f}", {"depth_m": math.nan}, "?"),
        ("{site}", {}, "?"),
        ("{open}", {"open": True}, "true"),
        ("{{{site}}}", {"site": "west"}, "{west}"),
        ("{site}", {"site": "{depth_m}"}, "{depth_m}"),
    ],
)
def test_templates_are_filled(template: str, values: dict[str, object], expected: str) -> None:
    """Names are replaced once; what is absent or no number shows as a question mark."""
    assert compile_title(template, NAMES).render(values) == expected


@pytest.mark.parametrize(
    "template",
    ["{nobody}", "{}", "{0}", "{site.__class__}", "{site[0]}", "{site!r}", "{depth_m:>99999}", "{", "}", "{site:{depth_m}}", "x" * 201],
)  # fmt: skip
def test_anything_else_is_refused(template: str) -> None:
    """Attributes, indexes, conversions, other formats and lone braces are no placeholders."""
    with pytest.raises(ValueError, match=r"placeholder|not known|characters"):
        compile_title(template, NAMES)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0.0),
        ("60s", 60.0),
        ("5m", 300.0),
        ("1.5h", 5400.0),
        ("2d", 172_800.0),
        ("250ms", 0.25),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    """A number and one of ms, s, m, h, d."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "60", "s", "1 h", "1h30m", "-5s", "5M", "١s", "367d", None, 60]
)
def test_other_durations_are_refused(text: object) -> None:
    """Bare numbers, sums, signs and more than a year are no durations."""
    with pytest.raises(ValueError, match=r"no duration|longer than a year"):
        parse_duration(text)
