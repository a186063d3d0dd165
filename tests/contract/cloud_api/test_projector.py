"""Contract of the projector: events, and the cases that follow them."""

import itertools
import threading
from pathlib import Path

import msgspec
import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.case_desk import Deed, find_case
from cloud_api.case_projection import Case
from cloud_api.config import ApiConfig
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.queries import CaseFilter, EventFilter, list_cases, list_events
from contracts.envelope import Discovery, Evidence
from contracts.event import Event, EventPhase
from contracts.levels import Level
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, make_event


def _cases(api: Api) -> list[Case]:
    with api.services.store.read() as connection:
        return list_cases(connection, CaseFilter(), before=None, limit=100)


def _take(api: Api, *events: Event) -> None:
    for event in events:
        api.accept_events(body_of(event))
        api.step(START)


def test_an_event_opens_a_filed_case(api: Api) -> None:
    """What a machine discovered becomes a filed case with a number and the event's level."""
    _take(api, make_event())

    (case,) = _cases(api)

    assert (
        case.number,
        case.state,
        case.level,
    ) == ("futian-20260601-0001", State.FILED, Level.YELLOW)


def test_a_report_of_a_person_waits_to_be_verified(api: Api) -> None:
    """What people report is collected; somebody has to file it."""
    _take(api, make_event(discovery=Discovery.PASSIVE))

    assert [case.state for case in _cases(api)] == [State.COLLECTED]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_highest_revision_wins_in_any_order(api: Api, order: tuple[int, ...]) -> None:
    """However revisions arrive, event and case stand as the highest one says."""
    revisions = [
        make_event(1, 0, level=Level.BLUE),
        make_event(1, 1, level=Level.RED, phase=EventPhase.UPDATE),
        make_event(1, 2, level=Level.YELLOW, phase=EventPhase.END),
    ]

    _take(api, *(revisions[index] for index in order))

    (case,) = _cases(api)
    with api.services.store.read() as connection:
        (event,) = list_events(connection, EventFilter(), before=None, limit=10)
    assert (event.rev, event.revisions, event.level, event.phase) == (2, 3, "yellow", "end")
    assert (case.level, case.events[0].phase) == (Level.YELLOW, EventPhase.END)


def test_level_goes_up_and_down(api: Api) -> None:
    """The case's level follows its event both ways, each change a record."""
    levels = []
    for rev, level in enumerate([Level.BLUE, Level.RED, Level.BLUE]):
        _take(api, make_event(1, rev, level=level))
        levels.append(_cases(api)[0].level)

    assert levels == [Level.BLUE, Level.RED, Level.BLUE]


def test_same_dedupe_key_joins_the_open_case(api: Api) -> None:
    """Two events with one dedupe key are one case, at the higher level."""
    _take(api, make_event(1, dedupe="ws-1"), make_event(2, dedupe="ws-1", level=Level.RED))

    (case,) = _cases(api)

    assert (len(case.events), case.level) == (2, Level.RED)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(make_event(2, dedupe="ws-1", district="nanshan"), id="other district"),
        pytest.param(make_event(2, dedupe="ws-1", event_type="noise"), id="other type"),
        pytest.param(make_event(2, dedupe="ws-2"), id="other key"),
        pytest.param(make_event(2), id="no key"),
    ],
)
def test_others_open_a_case_of_their_own(api: Api, second: Event) -> None:
    """Only district, type and key together join events."""
    _take(api, make_event(1, dedupe="ws-1"), second)

    assert len(_cases(api)) == 2


def test_a_closed_case_is_not_joined(api: Api) -> None:
    """Trouble that comes back after its case is void is a new case."""
    _take(api, make_event(1, dedupe="ws-1"))
    number = _cases(api)[0].number
    request = MoveRequest(State.VOID, reason="test", approved_by="chief")
    api.services.desk.move(Deed(number, "ann", START), request)

    _take(api, make_event(2, dedupe="ws-1"))

    assert [case.number for case in _cases(api)] == ["futian-20260601-0002", "futian-20260601-0001"]


def test_level_falls_when_the_graver_event_ends(api: Api) -> None:
    """An ended event no longer holds up the level while another is open."""
    _take(
        api,
        make_event(1, dedupe="k", level=Level.RED),
        make_event(2, dedupe="k", level=Level.BLUE),
        make_event(1, 1, dedupe="k", level=Level.RED, phase=EventPhase.END),
    )

    assert [case.level for case in _cases(api)] == [Level.BLUE]


def test_evidence_of_every_revision_is_linked_once(api: Api) -> None:
    """Pictures gather at the case, each once, also from a late revision."""
    pictures = [
        Evidence(sha256=digit * 64, media_type="image/jpeg", size_bytes=1, captured_at=START)
        for digit in "ab"
    ]

    _take(
        api,
        make_event(1, 1, phase=EventPhase.UPDATE, evidence=(pictures[0], pictures[1])),
        make_event(1, 0, evidence=(pictures[0],)),
    )

    assert [link.sha256 for link in _cases(api)[0].evidence] == ["a" * 64, "b" * 64]


def test_a_number_counts_within_district_and_day(api: Api, clock: ManualClock) -> None:
    """Case numbers start anew in each district and on each local day."""
    _take(api, make_event(1), make_event(2), make_event(3, district="nanshan"))
    clock.advance(86_400)
    api.accept_events(body_of(make_event(4)))
    api.step(clock.now())

    assert [case.number for case in _cases(api)] == [
        "futian-20260602-0001",
        "nanshan-20260601-0001",
        "futian-20260601-0002",
        "futian-20260601-0001",
    ]


def test_two_projectors_do_not_open_a_case_twice(
    api: Api, config: ApiConfig, clock: ManualClock
) -> None:
    """Processes that project at once share the work."""
    other = build(config, clock)
    for number in range(0, 300, 50):
        api.accept_events(body_of(*(make_event(n) for n in range(number, number + 50))))

    threads = [threading.Thread(target=one.step, args=(START,)) for one in (api, other, api)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with api.services.store.read() as connection:
        found = list_cases(connection, CaseFilter(), before=None, limit=1000)
    assert [f"futian-20260601-{n:04d}" for n in range(300, 0, -1)] == [c.number for c in found]
    other.close()


def test_two_runs_give_one_digest(
    api: Api, config: ApiConfig, clock: ManualClock, tmp_path: Path
) -> None:
    """The same posts at the same times give the same projections, byte for byte, on any database."""
    other = build(
        msgspec.structs.replace(config, database_url=f"sqlite:///{tmp_path}/other.sqlite"), clock
    )
    posts = [make_event(1, dedupe="k"), make_event(2, dedupe="k"), make_event(1, 1, dedupe="k")]

    _take(api, *posts)
    _take(other, *posts)

    assert api.digest() == other.digest()
    _take(other, make_event(3))
    assert api.digest() != other.digest()
    other.close()


def test_late_lower_revision_does_not_touch_the_case(api: Api) -> None:
    """A late revision is kept in the history and changes nothing else."""
    _take(api, make_event(1, 5, level=Level.RED))
    before = _cases(api)[0].version

    _take(api, make_event(1, 4, level=Level.BLUE, phase=EventPhase.UPDATE))

    assert before == _cases(api)[0].version


def test_a_case_is_found_by_number_and_id(api: Api) -> None:
    """Both references lead to the case."""
    _take(api, make_event())
    case = _cases(api)[0]

    with api.services.store.read() as connection:
        found = [find_case(connection, ref) for ref in (case.case_id, case.number, "none")]

    assert [case, case, None] == found


def test_lag_counts_what_waits(api: Api) -> None:
    """The lag is the number of stored revisions that are not projected."""
    api.accept_events(body_of(make_event(1), make_event(2)))
    before = api.services.projector.lag()
    api.step(START)

    assert (before, api.services.projector.lag()) == (2, 0)
