"""Contract of what is shown while a report is taken down: class, cases near by; and the caller's wish for an answer."""

from datetime import timedelta

import msgspec
import pytest

from cloud_api.bootstrap import Api
from cloud_api.citizens.preview import Preview, ReportPreview
from cloud_api.citizens.reports import Report
from cloud_api.errors import InvalidInput
from cloud_api.people.scope import EVERYTHING, Scope
from contracts.envelope import Place
from contracts.event import Event
from tests.contract.cloud_api.events import START, body_of, make_event

HERE = Place(lon=116.402, lat=39.9001)
PONDING = "2-04-06"


def _event(number: int, north_m: float, event_type: str = "water.ponding") -> Event:
    place = Place(lon=HERE.lon, lat=HERE.lat + north_m / 111_320)
    return msgspec.structs.replace(make_event(number, event_type=event_type), place=place)


def _look(api: Api, code: str | None, text: str = "", scope: Scope = EVERYTHING) -> Preview:
    profile = api.services.profile
    looking = ReportPreview(
        api.services.store, profile.dispatcher, profile.duplicates, profile.suggester
    )
    return looking.look(code, text, HERE, scope, START + timedelta(minutes=5))


@pytest.fixture
def street(api: Api) -> Api:
    """A street with water at 10 m and 140 m, a fire at 5 m, and water beyond 150 m."""
    for event in (
        _event(1, 140.0),
        _event(2, 10.0),
        _event(3, 5.0, "fire.smoke"),
        _event(4, 180.0),
    ):
        api.accept_events(body_of(event))
    api.step(START)
    return api


def test_cases_near_by_are_shown_the_likeliest_first(street: Api) -> None:
    """One of the class within its radius has odds; others come by distance, up to 150 m."""
    near = _look(street, PONDING).near

    assert [(round(each.distance_m), each.odds is not None) for each in near] == [
        (10, True),
        (5, False),
        (140, False),
    ]


def test_words_stand_for_a_class_that_nobody_named(street: Api) -> None:
    """What they surely speak of is judged like a class that was named."""
    found = _look(street, None, "人民路口积水很深，车都熄火了，水深三十厘米")

    assert found.suggestion is not None
    assert (found.suggestion.entry.code, found.suggestion.sure) == (PONDING, True)
    assert found.near[0].odds is not None


def test_nobody_is_shown_what_he_may_not_see(street: Api) -> None:
    """The scope bounds what is near."""
    assert _look(street, PONDING, scope=Scope(districts=("elsewhere",))).near == []


def test_a_class_that_is_none_is_told(api: Api) -> None:
    """With where the classes stand."""
    with pytest.raises(InvalidInput, match="GET /v1/classes"):
        _look(api, "9-99")


def test_a_call_needs_a_number(api: Api) -> None:
    """Who wants to be called has to say where."""
    report = Report(service_code=PONDING, channel="phone", place=HERE, answer="call")

    with pytest.raises(InvalidInput, match=r"contact\.phone"):
        api.services.reports.take(report, once="1", now=START)
