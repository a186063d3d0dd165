"""The picture of a key: what is in it, and that it is one."""

import sys
from pathlib import Path

import pytest

from cityloop.rules_tools.errors import MissingLibrary, NotFound, RulesToolError
from cityloop.rules_tools.firings import firings_of
from cityloop.rules_tools.key_series import key_series
from cityloop.rules_tools.plot import draw, level_spans
from cityloop.rules_tools.replay import replay
from rules.thresholds import thresholds
from tests.unit.rules_tools.scenario import FLOOD, FLOOD_SERIES, T0, flood, packs

LOADED = packs(FLOOD)
RULE = LOADED[0].pack.rules[0]
KEY = {"subject": "uw-01"}


def _draw(path: Path) -> Path:
    data = flood()
    series = key_series(data.entries(tick_s=None), RULE, KEY, None)
    draw(path, RULE, KEY, series, firings_of(replay(LOADED, data).events))
    return path


def test_the_series_is_what_the_rule_saw() -> None:
    """Times and values of the key, in order."""
    series = key_series(flood().entries(tick_s=None), RULE, KEY, None)

    assert (series.field, series.unit) == ("depth_m", "m")
    assert list(zip(series.at, series.values, strict=True)) == [
        (T0 + at, depth) for at, depth in FLOOD_SERIES
    ]


def test_thresholds_are_those_of_every_step() -> None:
    """When and clear of blue and red, in base units."""
    assert [(one.level.value, one.part, one.value) for one in thresholds(RULE, "depth_m")] == [
        ("blue", "when", 0.15), ("blue", "clear", 0.12), ("red", "when", 0.4), ("red", "clear", 0.35),
    ]  # fmt: skip


def test_levels_follow_each_other_without_a_hole() -> None:
    """Each stretch begins where the one before ends."""
    spans = level_spans(firings_of(replay(LOADED, flood()).events))

    assert [span.level.value for span in spans] == ["blue", "red"]
    assert spans[0].end == spans[1].begin


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_the_picture_is_of_the_kind_that_its_name_says(
    tmp_path: Path, name: str, magic: bytes
) -> None:
    """PNG and SVG, and the same data gives the same file."""
    pytest.importorskip("matplotlib")
    first = _draw(tmp_path / name).read_bytes()

    assert first.startswith(magic)
    assert first == _draw(tmp_path / name).read_bytes()


def test_another_ending_is_refused(tmp_path: Path) -> None:
    """Nothing is guessed."""
    with pytest.raises(RulesToolError, match=r"ends in \.png or \.svg"):
        _draw(tmp_path / "a.bmp")


def test_without_matplotlib_the_pip_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library is optional."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(MissingLibrary, match=r"pip install 'cityloop\[plot\]'"):
        _draw(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("key", "field", "reason"),
    [
        ({"subject": "uw-99"}, None, "the data has these keys: subject=uw-01"),
        (KEY, "rain_mm_h", "expected one of depth_m"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    key: dict[str, str], field: str | None, reason: str
) -> None:
    """A wrong key lists some of the data's keys, a wrong field the rule's numbers."""
    with pytest.raises(NotFound, match=reason):
        key_series(flood().entries(tick_s=None), RULE, key, field)


def test_thresholds_of_a_place_are_its_own() -> None:
    """The lines in the picture are those of the row, sums of constants reckoned."""
    (loaded,) = packs(
        """
places:
  ponds: {key: subject, columns: {deep: cm}, rows: {pond-1: {deep: 15}, pond-2: {deep: 50}}}
rules:
- id: ponding
  event: {type: water.ponding}
  watch: {profile: water_level}
  key: [subject]
  for_each: ponds
  ladder: [{level: blue, when: depth_m >= deep, clear: depth_m < deep - 3 cm}]
"""
    )
    rule = loaded.pack.rules[0]

    found = [round(one.value, 6) for one in thresholds(rule, "depth_m", {"subject": "pond-2"})]

    assert found == [0.5, 0.47]
    assert thresholds(rule, "depth_m", {"subject": "pond-9"}) == []


def test_the_series_of_a_signal_is_what_its_members_say() -> None:
    """A rule with signals has no field of its own; its members' words are drawn."""
    (loaded,) = packs(
        """
rules:
- id: site
  event: {type: water.ponding}
  key: [site]
  signals: {wet: {profile: water_level, of: depth_m * 100.0, take: max}}
  ladder: [{level: blue, when: wet >= 15.0, clear: wet < 12.0}]
"""
    )
    data = flood()
    whole = key_series(data.entries(tick_s=None), RULE, KEY, None)

    series = key_series(data.entries(tick_s=None), loaded.pack.rules[0], {}, None)

    assert series.field == "wet"
    assert series.at == whole.at
    assert series.values == [value * 100.0 for value in whole.values]
