"""Contract of duplicates: found across borders of cells, merged reversibly, rebuilt alike."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.case_desk import Deed
from cloud_api.case_projection import Case
from cloud_api.case_record import case_id_of
from cloud_api.case_rows import cell_of
from cloud_api.config import ApiConfig
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.queries import CaseFilter, list_cases
from cloud_api.rebuild import rebuild
from contracts.envelope import Place
from contracts.event import Event
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

EDGE = 116.402  # a border of search cells


@pytest.fixture
def merging(config: ApiConfig, clock: ManualClock) -> Iterator[Api]:
    """An API that merges duplicates by itself."""
    built = build(msgspec.structs.replace(config, merge_duplicates=True), clock)
    yield built
    built.close()


def _event(number: int, lon: float, event_type: str = "water.ponding") -> Event:
    place = Place(lon=lon, lat=39.9001)
    return msgspec.structs.replace(make_event(number, event_type=event_type), place=place)


def _cases(api: Api, *events: Event) -> list[Case]:
    for event in events:
        api.accept_events(body_of(event))
    api.step(START)
    with api.services.store.read() as connection:
        return list_cases(connection, CaseFilter(), before=None, limit=100)[::-1]


def test_a_twin_is_found_across_a_border(api: Api) -> None:
    """Cells only narrow the search: ten metres are ten metres."""
    west, east = _cases(api, _event(1, EDGE - 5e-5), _event(2, EDGE + 5e-5))
    assert west.place is not None
    assert east.place is not None
    assert cell_of(west.place.lon, west.place.lat) != cell_of(east.place.lon, east.place.lat)

    with api.services.store.read() as connection:
        (twin,) = api.services.profile.duplicates.find(connection, east)

    assert (twin.case.case_id, twin.likeness.odds > 0) == (west.case_id, True)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(_event(2, EDGE, "noise.construction"), id="other class"),
        pytest.param(_event(2, EDGE + 0.01), id="far away"),
        pytest.param(make_event(2), id="no place"),
    ],
)
def test_what_cannot_be_one_matter_is_no_twin(api: Api, other: Event) -> None:
    """Class and place have to agree."""
    first, _ = _cases(api, _event(1, EDGE), other)

    with api.services.store.read() as connection:
        assert api.services.profile.duplicates.find(connection, first) == []


def test_duplicates_are_merged_and_can_be_taken_apart(merging: Api) -> None:
    """The first stays open, the others are merged into it, each undoable."""
    cases = _cases(merging, _event(1, EDGE), _event(2, EDGE + 1e-5), _event(3, EDGE - 1e-5))
    first = case_id_of(event_id(1))
    deed = Deed(cases[1].case_id, "ann", START)

    apart = merging.services.desk.move(deed, MoveRequest(State.FILED, reason="two ponds"))

    assert [case.merged_into for case in cases] == [None, first, first]
    assert (apart.state, apart.merged_into) == (State.FILED, None)


def test_of_a_batch_the_later_join_the_earlier(merging: Api) -> None:
    """The second is more like the third, which comes after it; it joins the first all the same."""
    away = EDGE + 2.4e-4
    cases = _cases(merging, _event(1, EDGE), _event(2, away), _event(3, away))
    first = case_id_of(event_id(1))

    assert [case.merged_into for case in cases] == [None, first, first]


def test_a_batch_merges_as_one_by_one(
    config: ApiConfig, clock: ManualClock, merging: Api, tmp_path: Path
) -> None:
    """Who joins whom does not depend on how many events a step takes: what a step merged, its next case finds merged."""
    rng = random.Random(7)
    events = [_event(number, EDGE + rng.uniform(-8e-4, 8e-4)) for number in range(1, 25)]
    at_once = {case.case_id: case.merged_into for case in _cases(merging, *events)}
    single = build(
        msgspec.structs.replace(
            config, merge_duplicates=True, database_url=f"sqlite:///{tmp_path}/one.sqlite"
        ),
        clock,
    )
    for event in events:
        single.accept_events(body_of(event))
        assert single.services.projector.step(START) == 1
    with single.services.store.read() as connection:
        found = list_cases(connection, CaseFilter(), before=None, limit=100)
    single.close()

    assert {case.case_id: case.merged_into for case in found} == at_once
    assert len(set(at_once.values())) > 3


def test_merging_survives_a_rebuild(merging: Api) -> None:
    """The decision is in the log; nobody is compared again."""
    _cases(merging, _event(1, EDGE), _event(2, EDGE + 1e-5), _event(3, EDGE + 0.01))

    report = rebuild(merging.services.store, merging.services.flows)

    assert report.digest_before == report.digest_after
