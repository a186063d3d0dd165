"""Contract of duplicates: found across borders of cells, merged reversibly, rebuilt alike."""

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
from PIL import Image
from sqlalchemy import delete, update

from benchmarks._drawn_pictures import as_jpeg, passed_on, street
from cloud_api.bootstrap import Api, build
from cloud_api.case_desk import Deed
from cloud_api.case_projection import Case
from cloud_api.case_record import case_id_of
from cloud_api.case_rows import cell_of
from cloud_api.citizens.outcome import case_of_order
from cloud_api.citizens.reports import Report as CitizenReport
from cloud_api.config import ApiConfig
from cloud_api.database import Lane
from cloud_api.evidence.hashing import PictureHashing
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.queries import CaseFilter, case_records, list_cases
from cloud_api.rebuild import rebuild
from cloud_api.schema import evidence
from contracts.envelope import Discovery, Evidence, Place
from contracts.event import Event, EventPhase
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
        pytest.param(_event(2, EDGE, "weather.downpour"), id="rain is no pond"),
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


@pytest.mark.parametrize(
    ("away", "joined"),
    [pytest.param(1e-4, True, id="the next bank"), pytest.param(4e-4, False, id="the next dip")],
)
def test_two_level_sensors_are_two_matters(merging: Api, away: float, joined: bool) -> None:
    """Each watches a low point of its own, unless they stand at one place."""
    first, second = (
        msgspec.structs.replace(_event(number, lon), subject=f"level-{number}")
        for number, lon in ((1, EDGE), (2, EDGE + away))
    )
    cases = _cases(merging, first, second)

    assert joined == (cases[1].merged_into == cases[0].case_id)


@pytest.mark.parametrize(
    ("text", "away", "joined"),
    [
        pytest.param("和平街226号水都漫过马路牙子了", 1e-4, True, id="where water stands"),
        pytest.param("和平街226号水都漫过马路牙子了", 6e-4, False, id="further off"),
        pytest.param("人民路树上有个鸟窝", 1e-4, False, id="about something else"),
    ],
)
def test_words_that_are_not_sure_of_a_class_join_what_they_most_likely_mean(
    merging: Api, text: str, away: float, joined: bool
) -> None:
    """A report without a class, beside water that a sensor sees, is about that water if its words rather say so."""
    seen = msgspec.structs.replace(_event(1, EDGE), subject="level-1")
    _cases(merging, seen)
    place = Place(lon=EDGE + away, lat=39.9001)
    report = CitizenReport(service_code=None, channel="phone", place=place, text=text)
    taken = merging.services.reports.take(report, once="1", now=START)
    merging.step(START)
    with merging.services.store.read() as connection:
        case = case_of_order(connection, taken.order_id)

    assert case is not None
    assert case.class_code is None
    assert joined == (case.merged_into == case_id_of(event_id(1)))


@pytest.mark.parametrize(
    ("ends", "joined"),
    [pytest.param(False, True, id="still watched"), pytest.param(True, False, id="long over")],
)
def test_what_a_sensor_still_sees_takes_in_reports_beyond_the_window(
    merging: Api, clock: ManualClock, ends: bool, joined: bool
) -> None:
    """A sensor's open event is there now, however long ago it began; one that ended is not."""
    seen = msgspec.structs.replace(_event(1, EDGE), dedupe="level-1")
    over = msgspec.structs.replace(seen, rev=1, phase=EventPhase.END)
    _cases(merging, *([seen, over] if ends else [seen]))
    clock.set(START + timedelta(hours=30))
    report = msgspec.structs.replace(_event(2, EDGE + 1e-5), discovery=Discovery.PASSIVE)

    merging.accept_events(body_of(report))
    merging.step(clock.now())
    with merging.services.store.read() as connection:
        cases = list_cases(connection, CaseFilter(), before=None, limit=100)

    assert joined == (case_id_of(event_id(1)) in {case.merged_into for case in cases})


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


def _sent(api: Api, content: bytes) -> Evidence:
    """Return a picture that was put into the store."""
    sha256 = hashlib.sha256(content).hexdigest()
    api.put_evidence(sha256, "image/jpeg", content)
    return Evidence(
        sha256=sha256, media_type="image/jpeg", size_bytes=len(content), captured_at=START
    )


def _pictured(number: int, away: float, *pictures: Evidence, subject: str | None = None) -> Event:
    return msgspec.structs.replace(
        _event(number, EDGE + away),
        evidence=pictures,
        subject=subject,
        discovery=Discovery.PASSIVE if subject is None else Discovery.AUTOMATIC,
    )


PHOTO = street(Random(1))
FORWARDED = as_jpeg(passed_on(PHOTO, scale=0.6, brightness=0.9, quality=40))
OTHER_PHOTO = as_jpeg(street(Random(2)))
AWAY = 6.4e-4
"""55 m: too far to be merged by place alone."""


@pytest.mark.parametrize(
    ("content", "same"),
    [
        pytest.param(FORWARDED, True, id="passed on"),
        pytest.param(OTHER_PHOTO, False, id="another one"),
        pytest.param(as_jpeg(Image.new("RGB", (240, 180))), False, id="black"),
    ],
)
def test_a_picture_that_was_passed_on_merges(merging: Api, content: bytes, *, same: bool) -> None:
    """Who forwards a neighbour's picture means the neighbour's matter, and the log says that this was why."""
    first = _pictured(1, 0.0, _sent(merging, as_jpeg(PHOTO)))
    second = _pictured(2, AWAY, _sent(merging, content))

    cases = _cases(merging, first, second)

    with merging.services.store.read() as connection:
        reasons = [record.reason for record in case_records(connection, cases[1].case_id)]
    assert [case.merged_into for case in cases] == [None, cases[0].case_id if same else None]
    assert same == any(", same picture, odds" in reason for reason in reasons)


def test_black_pictures_are_not_one(merging: Api) -> None:
    """Every night looks like every other."""
    black = [as_jpeg(Image.new("RGB", size)) for size in ((240, 180), (320, 240))]
    cases = _cases(
        merging,
        *(_pictured(n, n * AWAY, _sent(merging, each)) for n, each in enumerate(black, 1)),
    )

    assert [case.merged_into for case in cases] == [None, None]


def test_what_one_camera_sees_is_not_merged_for_it(merging: Api) -> None:
    """Two cars that one camera reports stand before the same houses."""
    cases = _cases(
        merging,
        _pictured(1, 0.0, _sent(merging, as_jpeg(PHOTO)), subject="c-1"),
        _pictured(2, AWAY, _sent(merging, FORWARDED), subject="c-1"),
    )

    assert [case.merged_into for case in cases] == [None, None]


def test_a_picture_that_comes_late_is_found_when_somebody_asks(api: Api) -> None:
    """A box sends its events first."""
    content = as_jpeg(PHOTO)
    late = Evidence(
        sha256=hashlib.sha256(content).hexdigest(),
        media_type="image/jpeg",
        size_bytes=len(content),
        captured_at=START,
    )
    first, second = _cases(api, _pictured(1, 0.0, late), _pictured(2, AWAY, _sent(api, FORWARDED)))

    def same() -> list[bool]:
        with api.services.store.read() as connection:
            twins = api.services.profile.duplicates.find(connection, first)
        return [twin.likeness.same_picture for twin in twins if twin.case == second]

    before = same()
    api.put_evidence(late.sha256, late.media_type, content)

    assert (before, same()) == ([False], [True])


def test_merging_by_pictures_survives_a_rebuild_and_can_be_undone(merging: Api) -> None:
    """Nobody compares again: not even when the pictures are gone."""
    cases = _cases(
        merging,
        _pictured(1, 0.0, _sent(merging, as_jpeg(PHOTO))),
        _pictured(2, AWAY, _sent(merging, FORWARDED)),
    )
    with merging.services.store.write(Lane.EVIDENCE) as connection:
        connection.execute(delete(evidence))

    report = rebuild(merging.services.store, merging.services.flows)
    apart = merging.services.desk.move(
        Deed(cases[1].case_id, "ann", START), MoveRequest(State.COLLECTED, reason="two ponds")
    )

    assert cases[1].merged_into == cases[0].case_id
    assert report.digest_before == report.digest_after
    assert apart.merged_into is None


def test_pictures_of_an_older_database_are_hashed_later(api: Api) -> None:
    """What was stored before there were hashes is gone through once."""
    stored = [_sent(api, content) for content in (as_jpeg(PHOTO), OTHER_PHOTO)]
    store = api.services.store
    made = [api.services.evidence.find(each.sha256) for each in stored]
    with store.write(Lane.EVIDENCE) as connection:
        connection.execute(update(evidence).values(picture_hash=None))
    hashing = PictureHashing(store, api.services.evidence)

    done = [hashing.step(START) for _ in range(3)]

    assert done == [2, 0, 0]
    assert made == [api.services.evidence.find(each.sha256) for each in stored]
    assert all(info is not None and info.picture_hash for info in made)
