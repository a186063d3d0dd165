"""Leaving rows out changes nothing that is found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.rules_tools.firings import statements_digest
from cityloop.rules_tools.idle_rows import needed_rows
from cityloop.rules_tools.replay import replay
from tests.unit.rules_tools.scenario import FLOOD, Reading, packs, table

_GATES = """\
- id: sensors
  event: {type: device.data_quality, level: yellow}
  watch: {profile: water_level}
  key: [subject]
  quality: {range: profile}
"""
_LADDERS = st.builds(
    (
        "rules:\n- id: pond\n  event: {{type: water.ponding}}\n  watch: {{profile: water_level}}\n"
        "  key: [{0}]\n  ladder:\n"
        "  - {{level: blue, when: depth_m >= 15 cm, clear: depth_m < {1} cm, for: {2}s, "
        "clear_for: {3}s{4}}}\n"
        "  - {{level: red, when: depth_m >= 40 cm, for: {5}s, clear_for: {6}s}}\n"
    ).format,
    st.sampled_from(["subject", "site", "subject, box"]),
    st.sampled_from([5, 15]),
    st.sampled_from([0, 10, 60]),
    st.sampled_from([0, 20, 45, 300]),
    st.sampled_from(["", ", repeat: {count: 2, within: 5m}"]),
    st.sampled_from([0, 30]),
    st.sampled_from([0, 30]),
)
_DEPTHS = st.sampled_from([0.0, 0.02, 0.1, 0.13, 0.16, 0.2, 0.5, 9.0, None, float("nan")])
_RUNS = st.lists(
    st.tuples(
        st.sampled_from(["uw-01", "uw-02"]),
        _DEPTHS,
        st.integers(1, 12),
        st.sampled_from([0.0, 1.0, 7.5, 10.0, 30.0, 400.0]),
    ),
    min_size=1,
    max_size=14,
)


def _readings(runs: list[tuple[str, float | None, int, float]]) -> list[Reading]:
    at, readings = 0.0, []
    for subject, depth_m, count, every_s in runs:
        for _ in range(count):
            readings.append((at, subject, depth_m))
            at += every_s
    return readings


@settings(max_examples=300, deadline=None)
@given(_LADDERS, _RUNS)
def test_skipping_idle_rows_changes_no_byte(
    text: str, runs: list[tuple[str, float | None, int, float]]
) -> None:
    """For any ladder and any series, all statements with their causes are the same."""
    loaded, data = packs(text), table(_readings(runs))

    plain = replay(loaded, data, skip_idle=False, tick_s=None)
    quick = replay(loaded, data)

    assert statements_digest(plain.events) == statements_digest(quick.events)
    assert len(plain.events) == len(quick.events)


def test_a_dry_day_is_hardly_fed() -> None:
    """Of a day in which nothing happens only the last row is kept."""
    data = table((60.0 * row, "uw-01", 0.01) for row in range(1440))
    assert data.table is not None

    assert needed_rows(data.table, [one.pack for one in packs(FLOOD)]) == [1439]


@pytest.mark.parametrize(
    "text",
    [
        FLOOD + "  no_data: {after: 10m, do: clear}\n",
        FLOOD + "  absence: {after: 10m, level: yellow}\n",
        FLOOD + _GATES,
        FLOOD.replace("{profile: water_level}", "{stream: counts}")
        .replace("depth_m", "people")
        .replace(" cm", ""),
    ],
    ids=["no_data", "absence", "quality", "counts"],
)
def test_rules_that_do_more_see_every_row(text: str) -> None:
    """Nothing is left out where another operator could have noticed it."""
    data = table((60.0 * row, "uw-01", 0.01) for row in range(10))
    assert data.table is not None

    assert needed_rows(data.table, [one.pack for one in packs(text)]) is None
