"""Labels: what was found, missed and raised for nothing, and how early."""

from pathlib import Path

import pytest

from cityloop.rules_tools.errors import DataRefused
from cityloop.rules_tools.firings import Firing, firings_of
from cityloop.rules_tools.labels import Label, read_labels, score
from cityloop.rules_tools.replay import replay
from tests.unit.rules_tools.scenario import FLOOD, FLOOD_SERIES, T0, packs, table


def _firings() -> list[Firing]:
    """Return one flood (raised after 180 s, over after 300 s) at each of two sensors."""
    data = table(
        (at, subject, depth) for at, depth in FLOOD_SERIES for subject in ("uw-01", "uw-02")
    )
    return firings_of(replay(packs(FLOOD), data).events)


def _label(row: int, begin: float, end: float, **where: str) -> Label:
    return Label(row, where, T0 + begin, T0 + end)


def test_precision_recall_and_lead_time() -> None:
    """One label met early, one missed, one episode without a label."""
    labels = [_label(1, 240, 400, subject="uw-01"), _label(2, 90_000, 90_100, subject="uw-01")]

    found = score(_firings(), labels, tolerance_s=60.0)

    assert (found.precision, found.recall) == (0.5, 0.5)
    assert (found.found, found.missed, len(found.false_alarms)) == (1, (2,), 1)
    assert list(found.lead_s.values()) == [60.0]
    assert found.lead_s_median == 60.0


@pytest.mark.parametrize(
    ("begin", "tolerance_s", "expected"), [(310.0, 0.0, 0), (310.0, 10.0, 2), (300.0, 0.0, 2)]
)
def test_an_early_warning_counts_within_the_tolerance(
    begin: float, tolerance_s: float, expected: int
) -> None:
    """An episode that was over before the label began meets it only if the tolerance says so."""
    found = score(_firings(), [_label(1, begin, 400)], tolerance_s=tolerance_s)

    assert len(_firings()) - len(found.false_alarms) == expected


def test_without_episodes_or_labels_there_is_no_share() -> None:
    """Nothing divided by nothing is not a number."""
    found = score([], [], tolerance_s=0.0)

    assert (found.precision, found.recall, found.lead_s_median) == (None, None, None)


def test_labels_are_read_from_a_csv(tmp_path: Path) -> None:
    """Any column beside the span narrows what the label is about; empty cells do not."""
    path = tmp_path / "labels.csv"
    path.write_text("subject,from,to,rule\nuw-01,1970-01-01T00:00:00Z,60,\n,60,120,waterlogging\n")

    assert read_labels(path) == [
        Label(1, {"subject": "uw-01"}, 0.0, 60.0),
        Label(2, {"rule": "waterlogging"}, 60.0, 120.0),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("subject,from\n", "expected the columns 'from' and 'to'"),
        ("from,to\n60,0\n", "row 1: 'to' lies before 'from'"),
        ("from,to\nlong ago,0\n", "row 1: 'from' and 'to'"),
        ("from,to\n5\n", "row 1: 'from' and 'to'"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    """The row is named."""
    path = tmp_path / "labels.csv"
    path.write_text(text)

    with pytest.raises(DataRefused, match=reason):
        read_labels(path)
