"""Marks for citizens' reports: what lies in one case and should, and what should not."""

from cityloop.exam.citizen_desk import CaseStanding, HeardReport
from cityloop.exam.citizen_marks import citizen_score, mark_reports
from contracts.levels import Level
from simulators.city.citizens import CitizenReport, Matter
from simulators.city.incident_truth import Incident

BIN: Matter = ("bin_full", "bin-001", 100.0)
LATER: Matter = ("bin_full", "bin-001", 9000.0)
OTHER: Matter = ("bin_full", "bin-002", 100.0)


def _incident(matter: Matter) -> Incident:
    return Incident(
        class_name=matter[0], subject=matter[1], start_s=matter[2], end_s=None, ideal_s=matter[2],
        level=Level.BLUE, most=Level.BLUE, lon=114.0, lat=30.5, cadence_s=60.0,
    )  # fmt: skip


def _standing(case: str, class_code: str = "1-03-05") -> CaseStanding:
    return CaseStanding(case_id=case, lon=114.0, lat=30.5, class_code=class_code)


def _heard(
    matter: Matter | None,
    case: str | None,
    *,
    astray: bool = False,
    code: str | None = "1-03-05",
    found: str = "1-03-05",
) -> HeardReport:
    report = CitizenReport(
        at_s=200.0, person="p", matter=matter, class_name="bin_full", code=code, lon=114.0, lat=30.5,
        text="t", language="en", open311=False, astray=astray,
    )  # fmt: skip
    return HeardReport(report=report, standing=None if case is None else _standing(case, found))


def _score(reports: list[HeardReport], told: dict[str, tuple[Matter, str]]) -> dict[str, object]:
    marks = mark_reports(
        reports,
        {event: matter for event, (matter, _) in told.items()},
        {event: _standing(case) for event, (_, case) in told.items()},
        [_incident(one) for one in (BIN, LATER, OTHER)],
    )
    total = citizen_score([marks])
    assert total is not None
    return {name: getattr(total, name) for name in total.__struct_fields__}


def test_what_lies_in_the_right_case_is_right() -> None:
    """Two reports and an event about one bin, all in its case: three pairs, all joined."""
    figures = _score([_heard(BIN, "a"), _heard(BIN, "a")], {"e": (BIN, "a")})

    assert (figures["pairs"], figures["recall"], figures["precision"]) == (3, 1.0, 1.0)
    assert figures["place_error_m_median"] == 0.0


def test_a_report_in_a_case_of_its_own_costs_recall() -> None:
    """Of three pairs one is joined."""
    figures = _score([_heard(BIN, "a"), _heard(BIN, "b")], {"e": (BIN, "a")})

    assert figures["recall"] == 0.3333
    assert figures["precision"] == 1.0


def test_a_report_in_another_ones_case_costs_precision() -> None:
    """The other bin's report lies in this bin's case."""
    figures = _score([_heard(BIN, "a"), _heard(OTHER, "a")], {"e": (BIN, "a")})

    assert figures["precision"] == 0.3333


def test_a_mistaken_report_in_a_real_case_costs_precision() -> None:
    """What tells of nothing belongs nowhere."""
    figures = _score([_heard(BIN, "a"), _heard(None, "a")], {"e": (BIN, "a")})

    assert figures["mistaken"] == 1
    assert figures["precision"] == 0.3333


def test_an_earlier_incident_of_the_same_bin_is_not_judged() -> None:
    """Nobody closes the case in between: both may lie in it."""
    figures = _score([_heard(BIN, "a"), _heard(LATER, "a")], {"e": (BIN, "a")})

    assert (figures["pairs"], figures["precision"], figures["recall"]) == (1, 1.0, 1.0)


def test_who_is_astray_is_counted_apart() -> None:
    """A report from another street cannot be joined by its place."""
    figures = _score([_heard(BIN, "a"), _heard(BIN, "b", astray=True)], {"e": (BIN, "a")})

    assert (figures["recall"], figures["recall_with_astray"]) == (1.0, 0.3333)


def test_a_report_without_a_case_is_said() -> None:
    """What the API lost is counted."""
    assert _score([_heard(BIN, None)], {})["no_case"] == 1


def test_the_class_of_words_is_marked() -> None:
    """Of two reports without a class one came into a case of the right class."""
    reports = [_heard(BIN, "a", code=None), _heard(BIN, "b", code=None, found="2-04-06")]

    assert _score(reports, {})["class_recall"] == 0.5


def test_without_reports_there_is_no_score() -> None:
    """Nothing reported, nothing scored."""
    assert citizen_score([mark_reports([], {}, {}, [])]) is None
