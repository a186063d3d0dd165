"""Pictures of the report."""

from xml.etree import ElementTree as ET

import pytest

from cityloop.exam.chart import series_svg, timeline_svg


def test_a_series_is_well_formed_and_escapes_what_it_is_given() -> None:
    """Labels are text, whatever is in them."""
    svg = series_svg(
        "a < b",
        [(0.0, 1.0), (60.0, 2.0)],
        thresholds=[("red", 1.5)],
        spans=[(10.0, 20.0, "<true>")],
        marks=[(30.0, "<said>")],
    )
    root = ET.fromstring(svg)
    texts = [node.text for node in root.iter() if node.text]

    assert root.get("aria-label") == "a < b"
    assert {"<true>", "<said>"} <= set(texts)


def test_a_constant_series_has_a_scale() -> None:
    """A flat line is drawn, not divided by zero."""
    assert "polyline" in series_svg("flat", [(0.0, 5.0), (10.0, 5.0)])


@pytest.mark.parametrize(
    ("lasts_s", "said"),
    [
        pytest.param(210.0, ["0 s", "42 s", "84 s", "126 s", "168 s", "210 s"], id="a scene"),
        pytest.param(3000.0, ["00:00", "00:10", "00:20", "00:30", "00:40", "00:50"], id="an hour"),
        pytest.param(432e3, ["00:00", *(f"{day}d 00:00" for day in range(1, 6))], id="days"),
    ],
)
def test_each_line_of_an_axis_says_another_moment(lasts_s: float, said: list[str]) -> None:
    """Seconds, hours or days, as long as the run is."""
    root = ET.fromstring(timeline_svg("t", [], lasts_s))

    assert said == [node.text for node in root.iter() if node.text]


def test_a_false_alarm_is_a_hollow_dot() -> None:
    """Right ones are filled, false ones are rings."""
    svg = timeline_svg(
        "t", [("row", [(0.0, 5.0, "red")], [(1.0, "red", True), (2.0, "red", False)])], 10.0
    )

    assert svg.count('fill="none"') == 1
