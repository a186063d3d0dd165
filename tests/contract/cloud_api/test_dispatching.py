"""Contract of dispatch without a person: pre-plans, confidence, loads."""

from collections.abc import Iterator

import msgspec
import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.case_projection import Case
from cloud_api.config import ApiConfig, DispatchMode
from cloud_api.flow import State
from cloud_api.queries import CaseFilter, list_cases
from cloud_api.rebuild import rebuild
from contracts.envelope import Place
from contracts.event import Event
from contracts.levels import Level
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, make_event


@pytest.fixture
def automatic(config: ApiConfig, clock: ManualClock) -> Iterator[Api]:
    """An API that dispatches by itself, in the profile that has a grid."""
    changed = msgspec.structs.replace(
        config, dispatch=DispatchMode.AUTO, profile="beijing-district"
    )
    built = build(changed, clock)
    yield built
    built.close()


def _event(number: int, lon: float, **changes: object) -> Event:
    event = make_event(number)
    return msgspec.structs.replace(
        event, place=Place(lon=lon, lat=39.912), district="riverside", **changes
    )


def _cases(api: Api, *events: Event) -> list[Case]:
    for event in events:
        api.accept_events(body_of(event))
    api.step(START)
    with api.services.store.read() as connection:
        return list_cases(connection, CaseFilter(), before=None, limit=100)[::-1]


def test_a_place_finds_its_person(automatic: Api) -> None:
    """In one street a person is named, elsewhere the nearest of the crew on duty goes."""
    cases = _cases(automatic, _event(1, 116.404), _event(2, 116.43))

    assert [(case.state, case.person, case.grid) for case in cases] == [
        (State.DISPATCHED, "l-gao", "110000001000001"),
        (State.DISPATCHED, "w-tang", "110000001000004"),
    ]


def test_what_is_not_sure_waits_for_a_person(automatic: Api) -> None:
    """A type without a class stays filed."""
    (case,) = _cases(automatic, _event(1, 116.404, event_type="ufo.landing"))

    assert (case.state, case.department, case.class_code) == (State.FILED, None, None)


def test_dispatch_survives_a_rebuild(automatic: Api) -> None:
    """Class, cell and decisions are in the log: the tables are not asked again."""
    _cases(automatic, _event(1, 116.404), _event(2, 116.43, level=Level.RED))

    report = rebuild(automatic.services.store, automatic.services.flows)

    assert report.digest_before == report.digest_after


def test_the_case_brings_its_preplan(config: ApiConfig, clock: ManualClock) -> None:
    """A plan that the rule names starts as sub-tasks of a red case."""
    api = build(msgspec.structs.replace(config, dispatch=DispatchMode.AUTO), clock)

    (case,) = _cases(api, _event(1, 116.404, level=Level.RED, preplan="flood-emergency"))

    assert [task.department for task in case.subtasks] == ["emergency", "water", "traffic-police"]
    assert case.state is State.DISPATCHED
    api.close()


def test_people_decide_unless_told_otherwise(api: Api) -> None:
    """By default nothing is dispatched, and advice is only given."""
    (case,) = _cases(api, _event(1, 116.404))
    dispatcher = api.services.profile.dispatcher

    advice = dispatcher.advise(case, START, {})

    assert (case.state, case.class_code) == (State.FILED, "2-04-06")
    assert advice.department == "water"
