"""Evaluation: the scorecard of a period, and the cases behind one of its indicators."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_api.access import Gate
from cloud_api.case_projection import Case
from cloud_api.devices.reports import FleetReports
from cloud_api.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unauthenticated
from cloud_api.evaluation.indicators import FAMILIES, Indicator
from cloud_api.evaluation.measures import Period
from cloud_api.evaluation.months import last_day_of, period_of
from cloud_api.evaluation.scorecard import (
    Line,
    Online,
    Scorecard,
    scorecard,
    tallied_scorecard,
)
from cloud_api.evaluation.standing import cases_as_of
from cloud_api.evaluation.tally_table import read_tally
from cloud_api.instants import from_us, iso
from cloud_api.keys import Identity
from cloud_api.queries import case_numbers
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from cloud_api.views import Named

__all__ = ["evaluation_router"]

_MOST_ROWS = 1000


class TargetView(BaseModel):
    """What was aimed at from a day on."""

    since: str
    value: float
    source: str


class IndicatorView(BaseModel):
    """One indicator over the period."""

    id: str
    family: Named
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    unit: Literal["ratio", "h"]
    better: Literal["higher", "lower"]
    value: float | None = Field(description="Null: not measured; it is neither 0 nor 100 %.")
    measured: bool
    numerator: int | None = Field(description="Null for means.")
    denominator: int
    target: float | None
    below_target: bool
    attainment: float | None = Field(description="How far the target is reached, 0 to 1.")
    weight: float
    targets: list[TargetView] = Field(description="All there ever were, oldest first.")


class ScorecardView(BaseModel):
    """Every indicator over one period, for the part of the city that the caller may see."""

    period: str
    begin: str
    end: str
    district: str | None
    department: str | None
    score: float | None = Field(description="0 to 100, over what was measured.")
    weight_measured: float
    weight_all: float
    indicators: list[IndicatorView]


class RowsView(BaseModel):
    """The cases behind one indicator; at most 1,000 of each are named, ``*_all`` says how many there are."""

    id: str
    formula_zh: str
    formula_en: str
    numerator: list[str] = Field(description="Case numbers.")
    numerator_all: int
    denominator: list[str] = Field(description="Case numbers.")
    denominator_all: int


_PERIOD = Query(description="Like 2026-11, 2026-Q4 or 2026; the city's own time.", max_length=20)
_NAME = Query(pattern=r"^[a-z0-9-]{1,64}$")


def evaluation_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes about evaluation."""
    router = APIRouter(tags=["evaluation"])
    reader = Annotated[Identity, Depends(gate.read_filtered)]
    reports = FleetReports(services.store)
    indicators = services.profile.indicators
    offset = services.config.utc_offset_minutes

    def standing(
        caller: Identity, period: Period, district: str | None, department: str | None
    ) -> list[Case]:
        with services.store.read() as connection:
            return cases_as_of(
                connection, period, caller.scope, district=district, department=department
            )

    def online(caller: Identity, district: str | None, department: str | None) -> Online | None:
        """Return the devices online; None for whom they are not told by department or grid."""
        if department is not None or caller.scope.departments or caller.scope.grids:
            return None
        rates = [
            rate
            for rate in reports.rates(services.clock.now())
            if rate.measured
            and district in {None, rate.district}
            and (not caller.scope.districts or rate.district in caller.scope.districts)
        ]
        if not rates:
            return None
        return Online(
            devices=sum(rate.devices for rate in rates), online=sum(rate.online for rate in rates)
        )

    def tallied(
        caller: Identity, name: str, span: Period, district: str | None, department: str | None
    ) -> Scorecard:
        """Return a scorecard from the tallies, or from the cases for who sees a part that no tally is kept of."""
        last_day, known = last_day_of(span, offset), online(caller, district, department)
        mine = caller.scope
        if mine.departments or mine.grids:
            return scorecard(
                indicators, standing(caller, span, district, department), span, last_day, known
            )
        districts = mine.districts if district is None else (district,)
        if district is not None and mine.districts and district not in mine.districts:
            districts = ("",)  # not his to see: no case has an empty district
        with services.store.read() as connection:
            counts = read_tally(connection, name, districts=districts, department=department)
        return tallied_scorecard(indicators, counts, last_day, known)

    @router.get(
        "/v1/evaluation",
        summary="Evaluate a period",
        responses=documented(Unauthenticated, Forbidden, InvalidInput, StoreUnavailable),
    )
    def evaluate(
        caller: reader,
        period: Annotated[str, _PERIOD],
        district: Annotated[str | None, _NAME] = None,
        department: Annotated[str | None, _NAME] = None,
    ) -> ScorecardView:
        """Return every indicator, as the cases stood at the period's end."""
        span = period_of(period, offset)
        found = tallied(caller, period, span, district, department)
        return _card_view(period, span, found, district, department)

    @router.get(
        "/v1/evaluation/{indicator}",
        summary="Name the cases behind an indicator",
        responses=documented(Unauthenticated, Forbidden, NotFound, InvalidInput, StoreUnavailable),
    )
    def rows(
        indicator: str,
        caller: reader,
        period: Annotated[str, _PERIOD],
        district: Annotated[str | None, _NAME] = None,
        department: Annotated[str | None, _NAME] = None,
    ) -> RowsView:
        """Return the rows of numerator and denominator."""
        span = period_of(period, offset)
        one = _wanted(indicators, indicator)
        card = scorecard(
            (one,),
            standing(caller, span, district, department),
            span,
            last_day_of(span, offset),
            None,
        )
        measured = card.lines[0].rows
        above = () if measured is None else measured.numerator
        below = () if measured is None else measured.denominator
        with services.store.read() as connection:
            numbers = case_numbers(connection, {*above[:_MOST_ROWS], *below[:_MOST_ROWS]})
        return RowsView(
            id=one.id,
            formula_zh=one.formula.zh,
            formula_en=one.formula.en,
            numerator=[numbers[each] for each in above[:_MOST_ROWS]],
            numerator_all=len(above),
            denominator=[numbers[each] for each in below[:_MOST_ROWS]],
            denominator_all=len(below),
        )

    return router


def _wanted(indicators: tuple[Indicator, ...], name: str) -> Indicator:
    for one in indicators:
        if one.id == name:
            return one
    known = ", ".join(one.id for one in indicators)
    raise NotFound(f"indicator {name[:40]!r} does not exist; there is {known}")


def _card_view(
    name: str, period: Period, card: Scorecard, district: str | None, department: str | None
) -> ScorecardView:
    begin, end = iso(period.begin_us), iso(period.end_us)
    return ScorecardView(
        period=name,
        begin=begin or from_us(period.begin_us).isoformat(),
        end=end or from_us(period.end_us).isoformat(),
        district=district,
        department=department,
        score=card.score,
        weight_measured=card.weight_measured,
        weight_all=card.weight_all,
        indicators=[_line_view(line) for line in card.lines],
    )


def _line_view(line: Line) -> IndicatorView:
    one = line.indicator
    zh, en = FAMILIES[one.family]
    return IndicatorView(
        id=one.id,
        family=Named(id=one.family, zh=zh, en=en),
        zh=one.zh,
        en=one.en,
        formula_zh=one.formula.zh,
        formula_en=one.formula.en,
        unit=one.unit,
        better=one.better,
        value=None if line.value is None else round(line.value, 6),
        measured=line.value is not None,
        numerator=line.numerator,
        denominator=line.denominator,
        target=line.target,
        below_target=line.below_target,
        attainment=None if line.attainment is None else round(line.attainment, 6),
        weight=one.weight,
        targets=[
            TargetView(since=each.since.isoformat(), value=each.value, source=each.source)
            for each in sorted(one.targets, key=lambda each: each.since)
        ],
    )
