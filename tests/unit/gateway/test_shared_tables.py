"""``shared``: tables of one pack for all packs in force with it, so that rules need not know the city."""

from pathlib import Path

import pytest

from gateway.pack_cache import PackCache
from gateway.rule_packs import PackSource, compile_packs
from rules.rule import Rule
from runtime.errors import ConfigError

HOURS = """\
calendars:
  work: {tz: Asia/Shanghai, days: [mon], daily: ["08:00-20:00"], except: days_off}
rules:
- id: bins
  event: {type: sanitation.bin_full}
  watch: {profile: bin_fill}
  key: [subject]
  active: work
  ladder: [{level: blue, when: fill_ratio >= 0.9, clear: fill_ratio < 0.3}]
"""
NEAR = """\
rules:
- id: flash
  event: {type: flood.flash}
  key: [catchment]
  signals:
    rain: {profile: rain_gauge, of: rain_mm_h, near: 1500m, take: max}
  ladder: [{level: red, when: rain >= 16.0, clear: rain < 4.0}]
"""
CITY = """\
shared:
  holidays:
    days_off: {off: ["2026-10-01"]}
  places:
    catchments: {key: catchment, rows: {north: {lon: 121.47, lat: 31.23}}}
"""


def compiled(*texts: str, cache: PackCache | None = None) -> list[Rule]:
    """Return the rules in packs that are in force together."""
    sources = [PackSource(f"pack-{number}.yaml", text) for number, text in enumerate(texts)]
    return [rule for pack in compile_packs(sources, cache) for rule in pack.rules]


def fault(*texts: str) -> str:
    """Return why packs are refused."""
    with pytest.raises(ConfigError) as caught:
        compiled(*texts)
    return str(caught.value)


@pytest.mark.parametrize("texts", [(CITY, HOURS), (HOURS, CITY)], ids=["before", "after"])
def test_a_calendar_may_name_a_shared_holiday_table(texts: tuple[str, ...]) -> None:
    """Whichever file comes first."""
    (rule,) = compiled(*texts)
    schedule = rule.operators.schedule

    assert schedule is not None
    assert schedule.calendars[0].holidays is not None
    assert {str(day) for day in schedule.calendars[0].holidays.off} == {"2026-10-01"}


def test_without_it_the_error_says_what_to_do() -> None:
    """The name, where it stands, and that another pack may have it."""
    assert fault(HOURS) == (
        "pack-0.yaml:2:74: calendars.work.except: holiday table 'days_off' is unknown; 'holidays' here "
        "has none; add it, or put a pack in force that has it in 'shared'"
    )


def test_a_packs_own_table_goes_before_a_shared_one() -> None:
    """A shared name cannot change what a pack says itself."""
    own = HOURS + 'holidays:\n  days_off: {off: ["2026-05-01"]}\n'
    (rule,) = compiled(CITY, own)
    schedule = rule.operators.schedule

    assert schedule is not None
    assert schedule.calendars[0].holidays is not None
    assert {str(day) for day in schedule.calendars[0].holidays.off} == {"2026-05-01"}


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [(HOURS, "2026-10-01", "2026-10-02"), (NEAR, "31.23", "31.24")],
    ids=["holidays", "places"],
)
def test_what_is_shared_is_part_of_the_version_of_rules_that_use_it(
    text: str, before: str, after: str
) -> None:
    """Another holiday, or another place, makes another rule; the other rules stay what they were."""
    both = [HOURS, NEAR]
    then, now = compiled(CITY, *both), compiled(CITY.replace(before, after), *both)

    changed = [one.id for one, other in zip(then, now, strict=True) if one.version != other.version]
    assert changed == [compiled(CITY, text)[0].id]


def test_the_only_table_with_places_of_the_key_is_meant_by_near() -> None:
    """A rule without ``for_each`` runs wherever the city has a table of its key."""
    (rule,) = compiled(CITY, NEAR)

    assert rule.table is not None
    assert rule.table.name == "catchments"


def test_of_two_tables_one_has_to_be_named() -> None:
    """Which places are meant is not guessed."""
    more = "    basins: {key: catchment, rows: {south: {lon: 121.47, lat: 31.2}}}\n"

    assert "tables catchments, basins all have places; name one in 'for_each'" in fault(
        CITY + more, NEAR
    )


def test_a_name_is_shared_once() -> None:
    """Two packs that share the same name are refused at the second."""
    assert (
        fault(CITY, CITY.replace("2026-10-01", "2026-10-03"))
        == "pack-1.yaml:3:15: shared.holidays.days_off: 'days_off' is shared by another pack already; "
        "rename one"
    )


def test_a_fault_in_what_is_shared_is_told_there() -> None:
    """Not in the pack that names it."""
    assert fault(HOURS, CITY.replace("2026-10-01", "tomorrow")).startswith(
        "pack-1.yaml:3:22: shared.holidays.days_off.off[0]: 'tomorrow': expected a date"
    )


def test_a_pack_may_share_and_have_rules() -> None:
    """Its own rules see what it shares."""
    (rule,) = compiled(CITY + HOURS)

    assert rule.operators.schedule is not None


def test_kept_packs_share_too(tmp_path: Path) -> None:
    """What a pack shares comes from its kept data as from its text."""
    padding = "".join(f"# {'-' * 98}\n" for _ in range(600))
    cache = PackCache(tmp_path)
    first = compiled(CITY + padding, HOURS + padding, cache=cache)
    compiled(NEAR, CITY)  # another set, so that the last one is not remembered

    again = compiled(CITY + padding, HOURS + padding, cache=cache)

    assert len(list(tmp_path.iterdir())) == 2
    assert again == first
