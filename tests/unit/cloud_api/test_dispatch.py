"""Who handles what: classes, responsibility lists, grids, rosters and the advice from them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from cloud_api.bootstrap import open_profile
from cloud_api.case_projection import Case
from cloud_api.case_record import EventLink
from cloud_api.city_profile import CityProfile
from cloud_api.config import ApiConfig
from cloud_api.dispatch.advice import Dispatcher
from cloud_api.dispatch.classes import CLASS_COLUMNS, ClassTable
from cloud_api.dispatch.preplans import Preplans
from cloud_api.dispatch.responsibility import (
    RESPONSIBILITY_COLUMNS,
    ResponsibilityList,
    check_list,
)
from cloud_api.dispatch.roster import Roster, choose
from cloud_api.dispatch.sheets import read_sheet, write_sheet
from cloud_api.errors import ProfileError
from cloud_api.flow import State
from cloud_api.flow_choice import load_flows
from contracts.envelope import Discovery, Place
from contracts.event import EventPhase, Title
from contracts.levels import Level

DEPARTMENTS = frozenset({"water", "fire", "roads", "office"})
DAY = date(2026, 6, 1)
NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # a Monday, 12:00 in China


def _row(columns: tuple[str, ...], *values: str) -> dict[str, str]:
    return dict(zip(columns, (*values, *[""] * len(columns)), strict=False))


def _classes(*lines: tuple[str, ...]) -> ClassTable:
    return ClassTable([_row(CLASS_COLUMNS, *line) for line in lines], "classes.csv")


def _list(*lines: tuple[str, ...]) -> ResponsibilityList:
    rows = [_row(RESPONSIBILITY_COLUMNS, *line) for line in lines]
    return ResponsibilityList(rows, "list.csv", DEPARTMENTS)


PONDING = ("2-04-06", "event", "道路积水", "ponding", "water.ponding water.*")
CLASSES = _classes(PONDING, ("2-04-01", "event", "路面塌陷", "collapse", "road.collapse"))


def _shift(unit: str, person: str, begin: str, end: str, *place: str) -> dict[str, str]:
    columns = ("unit", "person", "days", "from", "to", "lon", "lat")
    return _row(columns, unit, person, "1234567", begin, end, *place)


def _dispatcher(*lines: tuple[str, ...], shifts: tuple[dict[str, str], ...] = ()) -> Dispatcher:
    return Dispatcher(
        classes=CLASSES,
        listed=_list(*lines),
        roster=Roster(list(shifts), "roster.csv", 480),
        preplans=Preplans((), DEPARTMENTS),
        grid=None,
        fallback="office",
        utc_offset_minutes=480,
    )


def _case(**changes: object) -> Case:
    link = EventLink(event_id="e", rev=0, level=Level.YELLOW, phase=EventPhase.OPEN)
    case = Case(
        case_id="c",
        version=2,
        number="n",
        day="20260601",
        day_number=1,
        opened_seq=1,
        district="riverside",
        event_type="water.ponding",
        dedupe=None,
        title=Title(zh="", en=""),
        subject=None,
        place=Place(lon=116.4, lat=39.9),
        discovery=Discovery.AUTOMATIC,
        preplan=None,
        flow="general",
        state=State.FILED,
        previous=None,
        level=Level.YELLOW,
        events=(link,),
        evidence=(),
        opened_at_us=0,
        changed_at_us=0,
        class_code="2-04-06",
    )
    return msgspec.structs.replace(case, **changes)


@pytest.mark.parametrize(
    ("event_type", "code", "sure"),
    [
        pytest.param("water.ponding", "2-04-06", 1.0, id="named"),
        pytest.param("water.other", "2-04-06", 0.7, id="pattern"),
        pytest.param("noise", None, None, id="none"),
    ],
)
def test_a_type_has_a_class(event_type: str, code: str | None, sure: float | None) -> None:
    """A named type is sure, a pattern less so, the rest has no class."""
    found = CLASSES.classify(event_type, DAY)

    assert (code, sure) == ((None, None) if found is None else (found[0].code, found[1]))


def test_a_code_may_change_its_meaning_with_time() -> None:
    """Dated lines of one code follow each other."""
    table = _classes(
        ("1", "event", "旧", "old", "a", "2020-01-01", "2025-12-31"),
        ("1", "event", "新", "new", "a", "2026-01-01"),
    )

    names = [table.classify("a", date(year, 1, 1)) for year in (2019, 2025, 2026)]
    assert [found and found[0].en for found in names] == [None, "old", "new"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        pytest.param((PONDING, PONDING), r"classes.csv:3: class 2-04-06 stands twice", id="twice"),
        pytest.param((("1", "thing", "x", "x"),), "expected event or component", id="kind"),
        pytest.param((("1", "event", "", "x"),), "zh is empty", id="no name"),
        pytest.param((("1", "event", "x", "x", "", "1.1.26"),), "valid_from", id="date"),
        pytest.param(
            (("1", "event", "x", "x", "", "2026-02-01", "2026-01-01"),), "before", id="backwards"
        ),
    ],
)
def test_a_bad_class_table_is_refused(lines: tuple[tuple[str, ...], ...], message: str) -> None:
    """The error names table, line and field."""
    with pytest.raises(ProfileError, match=message):
        _classes(*lines)


def test_the_closest_line_wins() -> None:
    """Class before place before level; each more exact line beats the wider one."""
    listed = _list(
        ("*", "*", "", "office", "", "", "", "b"),
        ("2-04-*", "*", "", "roads", "", "", "", "b"),
        ("2-04-06", "*", "", "water", "", "", "", "b"),
        ("2-04-06", "*", "red", "fire", "", "", "", "b"),
    )

    def first(code: str, level: Level) -> str:
        return listed.candidates(code, ("riverside",), level, DAY)[0].row.department

    assert [first("9", Level.RED), first("2-04-01", Level.RED)] == ["office", "roads"]
    assert [first("2-04-06", Level.BLUE), first("2-04-06", Level.RED)] == ["water", "fire"]


def test_a_narrow_area_beats_a_wide_one() -> None:
    """The cell's own line counts more than its street's, and that more than the district's."""
    lines = [(code, "b") for code in ("district", "street", "cell")]
    listed = _list(*(("1", area, "", "water", area, "", "", b) for area, b in lines))

    found = listed.candidates("1", ("cell", "street", "district"), Level.RED, DAY)

    assert [each.row.unit for each in found] == ["cell", "street", "district"]


def test_gaps_and_overlaps_are_reported() -> None:
    """What nobody answers for, and what two departments answer for equally."""
    listed = _list(
        ("2-04-06", "*", "", "water", "", "", "", "b"),
        ("2-04-06", "*", "", "roads", "", "", "", "b"),
        ("2-04-01", "*", "red", "roads", "", "", "", "b"),
    )

    report = check_list(listed, CLASSES, [], DAY)

    assert [(gap["class"], gap["level"]) for gap in report.gaps] == [
        ("2-04-01", "blue"),
        ("2-04-01", "yellow"),
    ]
    assert [(o["lines"], o["departments"]) for o in report.overlaps] == [("2, 3", "water, roads")]


def test_lines_that_follow_each_other_do_not_overlap() -> None:
    """A line that ended makes room for the next."""
    listed = _list(
        ("*", "*", "", "water", "", "", "", "b", "", "2026-05-31"),
        ("*", "*", "", "roads", "", "", "", "b", "2026-06-01"),
    )

    reports = [check_list(listed, CLASSES, [], day) for day in (DAY, DAY - timedelta(days=1))]

    assert [(r.gaps, r.overlaps) for r in reports] == [([], []), ([], [])]


def test_advice_names_department_person_and_reason() -> None:
    """A line that fits exactly is sure, and says which it was."""
    city = _dispatcher(
        ("2-04-06", "riverside", "yellow", "water", "crew", "", "chief", "order 7"),
        shifts=(_shift("crew", "li", "08:00", "18:00"),),
    )

    advice = city.advise(_case(), NOON, {})

    assert (advice.department, advice.person, advice.supervisor) == ("water", "li", "chief")
    assert (advice.confidence, advice.fallback) == (1.0, False)
    assert any("order 7" in reason for reason in advice.reasons)


def test_two_equal_claims_are_nobodys() -> None:
    """An overlap halves the confidence and names the other."""
    city = _dispatcher(
        ("2-04-06", "*", "", "water", "", "", "", "b"),
        ("2-04-06", "*", "", "roads", "", "", "", "b"),
    )

    advice = city.advise(_case(), NOON, {})

    assert (advice.fallback, advice.others) == (True, ("roads",))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(_case(class_code=None), id="no class"),
        pytest.param(_case(class_code="2-04-01", event_type="road.collapse"), id="no line"),
    ],
)
def test_what_nobody_answers_for_goes_to_the_fallback(case: Case) -> None:
    """A person looks at it first."""
    advice = _dispatcher(("2-04-06", "*", "", "water", "", "", "", "b")).advise(case, NOON, {})

    assert (advice.department, advice.fallback) == ("office", True)


def test_who_bounced_it_is_not_asked_again() -> None:
    """The department that the bouncer named comes next; after two bounces the first receiver."""
    city = _dispatcher(("2-04-06", "*", "", "water", "", "", "", "b"))
    once = _case(
        state=State.BOUNCED, department="roads", bounced_by=("water",), first_department="water"
    )
    twice = msgspec.structs.replace(once, bounced_by=("water", "roads"), department="fire")

    first, second = city.advise(once, NOON, {}), city.advise(twice, NOON, {})

    assert (first.department, second.department) == ("roads", "water")
    assert "首接" in second.reasons[0]


def test_a_shift_may_pass_midnight() -> None:
    """Who began yesterday evening is there this morning."""
    roster = Roster([_shift("crew", "li", "20:00", "08:00")], "r.csv", 480)
    at = {hour: NOON.replace(hour=0) + timedelta(hours=hour - 8) for hour in (7, 9, 21)}

    on_duty = {hour: bool(roster.on_duty("crew", moment)) for hour, moment in at.items()}

    assert on_duty == {7: True, 9: False, 21: True}


def test_the_nearest_goes_then_the_least_loaded() -> None:
    """Distance counts in steps of 500 m; within one, who has less to do; without a place only that."""
    roster = Roster(
        [
            _shift("crew", "far", "00:00", "24:00", "116.5", "39.9"),
            _shift("crew", "busy", "00:00", "24:00", "116.401", "39.9"),
            _shift("crew", "free", "00:00", "24:00", "116.402", "39.9"),
        ],
        "r.csv",
        480,
    )
    duties = roster.on_duty("crew", NOON)

    chosen = [choose(duties, place, {"busy": 3}) for place in ((116.4, 39.9), None)]

    assert [found and found[0] for found in chosen] == ["free", "far"]
    assert choose([], None, {}) is None


@pytest.mark.parametrize(
    "shift",
    [
        pytest.param(_shift("crew", "li", "8", "18:00"), id="time"),
        pytest.param(_shift("crew", "li", "08:00", "25:00"), id="hour"),
        pytest.param(_shift("crew", "li", "08:00", "18:00", "east", "north"), id="place"),
        pytest.param(_shift("crew", "li", "08:00", "18:00") | {"days": "18"}, id="days"),
        pytest.param(_shift("crew", "", "08:00", "18:00"), id="nobody"),
    ],
)
def test_a_bad_shift_is_refused(shift: dict[str, str]) -> None:
    """The error names table and line."""
    with pytest.raises(ProfileError, match=r"r\.csv:2"):
        Roster([shift], "r.csv", 480)


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="'"), max_size=12)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@settings(deadline=None, max_examples=30)  # real files
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"class": st.sampled_from(["1", "=1+1", "-x"]), "basis": TEXTS, "valid_from": TEXTS}
        ),
        max_size=4,
    )
)
def test_a_list_comes_back_as_it_went(
    tmp_path_factory: pytest.TempPathFactory, ending: str, rows: list[dict[str, str]]
) -> None:
    """Both forms give the texts back, formulas too."""
    path = tmp_path_factory.mktemp("sheet") / f"list.{ending}"
    columns = ("class", "basis", "valid_from")

    write_sheet(path, rows, columns)

    assert [{name: row[name] for name in columns} for row in read_sheet(path)] == rows


def test_a_formula_is_written_as_text(tmp_path: Path) -> None:
    """A spreadsheet that opens the list calculates nothing."""
    path = tmp_path / "list.csv"

    write_sheet(path, [{"class": "=HYPERLINK()"}], ("class",))

    assert "'=HYPERLINK()" in path.read_text()


def _shipped(name: str) -> CityProfile:
    config = ApiConfig(profile=name)
    return open_profile(config, load_flows())


@pytest.fixture(scope="module", params=["national", "beijing-district"])
def profile(request: pytest.FixtureRequest) -> CityProfile:
    """Each profile that ships."""
    return _shipped(request.param)


def test_a_shipped_profile_has_no_gaps_and_says_what_it_is(profile: CityProfile) -> None:
    """Each class has one department, and nobody takes the data for official ones."""
    city = profile.dispatcher

    report = check_list(city.listed, city.classes, [], DAY)

    assert (report.gaps, report.overlaps) == ([], [])
    assert "not checked" in profile.spec.what or "not been checked" in profile.spec.what


def test_the_same_trouble_has_other_numbers_elsewhere() -> None:
    """道路积水 is 04-06 in one city and 01-11 in another: codes are data."""
    found = [
        _shipped(name).dispatcher.class_of("water.ponding", NOON)
        for name in ("national", "beijing-district")
    ]

    assert [each and each[0].code for each in found] == ["2-04-06", "2-01-11"]
