"""Contract of deadlines: exact after restarts and clock steps, paused, extended, shortened."""

from datetime import timedelta

import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.case_desk import Deed
from cloud_api.case_projection import Case
from cloud_api.case_record import Climbed, case_id_of
from cloud_api.case_rows import case_lamp
from cloud_api.config import ApiConfig
from cloud_api.deadlines.clocks import CaseClock
from cloud_api.errors import InvalidInput, MoveIncomplete
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.instants import from_us
from cloud_api.queries import CaseFilter, case_records, list_cases, supervised
from cloud_api.rebuild import rebuild
from contracts.control import Mode
from contracts.event import EventPhase
from contracts.levels import Lamp, Level
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

CASE = case_id_of(event_id(1))
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _a_red_case(api: Api) -> None:
    """Every test starts with one red case, filed at 08:00 UTC on a Monday."""
    api.accept_events(body_of(make_event(1, level=Level.RED)))
    api.step(START)


def _case(api: Api) -> Case:
    with api.services.store.read() as connection:
        (case,) = list_cases(connection, CaseFilter(), before=None, limit=10)
    return case


def _clock(api: Api, name: str) -> CaseClock:
    return next(clock for clock in _case(api).clocks if clock.name == name)


def _notices(api: Api) -> list[tuple[str, str, str | None]]:
    with api.services.store.read() as connection:
        details = [record.detail for record in case_records(connection, CASE)]
    return [(d.clock, d.notice, d.tier) for d in details if isinstance(d, Climbed)]


def _move(api: Api, after: timedelta, request: MoveRequest) -> None:
    api.services.desk.move(Deed(CASE, "ann", START + after), request)


def test_red_means_thirty_minutes_and_a_day(api: Api) -> None:
    """Source: requirements RUL-04 (response 30 min, handled within 24 h)."""
    due = [_clock(api, name).due_at_us for name in ("response", "resolve")]

    assert [from_us(moment or 0) - START for moment in due] == [30 * MINUTE, 24 * HOUR]


def test_nothing_happens_a_microsecond_early(api: Api) -> None:
    """The response is overdue at T+30 min, not before."""
    api.step(START + 30 * MINUTE - timedelta(microseconds=1))
    before = [notice for notice in _notices(api) if notice[0] == "response"]
    api.step(START + 30 * MINUTE)

    assert before == [("response", "remind", None)]
    assert ("response", "overdue", "community") in _notices(api)


def test_a_small_step_leaves_the_rest_for_the_next(api: Api) -> None:
    """While posts come in the ticker takes few cases at a time, the longest due first."""
    api.accept_events(body_of(make_event(2, level=Level.RED)))
    api.step(START)
    late = START + 16 * MINUTE
    touched = [
        {notice.case.case_id for notice in api.services.ticker.step(late, 1)} for _ in range(3)
    ]

    assert touched == [{CASE}, {case_id_of(event_id(2))}, set()]


def test_nobody_acts_and_it_goes_up_to_the_city(api: Api) -> None:
    """Each clock climbs community, street, district, city, in the order of the moments."""
    api.step(START + 72 * HOUR)

    assert [notice for notice in _notices(api) if notice[0] == "resolve"] == [
        ("resolve", "remind", None),
        ("resolve", "overdue", "community"),
        ("resolve", "escalate", "street"),
        ("resolve", "escalate", "district"),
        ("resolve", "escalate", "city"),
    ]
    assert (_case(api).tier, case_lamp(_case(api))) == ("city", Lamp.RED)


def test_a_restart_and_a_clock_step_repeat_nothing(
    api: Api, config: ApiConfig, clock: ManualClock
) -> None:
    """Looking again, earlier, or from another process changes nothing."""
    api.step(START + 40 * MINUTE)
    before, digest = _notices(api), api.digest()
    api.step(START)
    other = build(config, clock)
    other.step(START + 40 * MINUTE)
    other.close()

    assert (before, digest) == (_notices(api), api.digest())


def test_acknowledging_ends_the_response(api: Api) -> None:
    """Who says that he has seen it has responded."""
    api.services.desk.acknowledge(Deed(CASE, "ann", START + 5 * MINUTE))
    api.step(START + 20 * HOUR)

    assert not _clock(api, "response").late
    assert "response" not in {clock for clock, _, _ in _notices(api)}


def test_the_present_step_has_its_clock(api: Api) -> None:
    """Each step ends the clock of the one before."""
    _move(api, 5 * MINUTE, MoveRequest(State.DISPATCHED, reason="r", to_department="water"))
    _move(api, 6 * MINUTE, MoveRequest(State.HANDLING, reason="r"))

    running = {clock.name for clock in _case(api).clocks if clock.running}
    assert running == {"resolve", "handle"}


def test_a_suspended_case_has_time(api: Api) -> None:
    """While it is suspended 挂账 nothing comes due; afterwards it has what it had left."""
    _move(api, HOUR, MoveRequest(State.SUSPENDED, reason="parts", approved_by="chief"))
    quiet = _notices(api)
    api.step(START + 100 * HOUR)
    silent = _notices(api)
    _move(api, 100 * HOUR, MoveRequest(State.FILED, reason="parts came"))

    due = from_us(_clock(api, "resolve").due_at_us or 0)
    assert quiet == silent
    assert due - START == 123 * HOUR


def test_a_failed_check_lets_the_clock_run_on(api: Api) -> None:
    """Time that the crew had used stays used."""
    _move(api, HOUR, MoveRequest(State.DISPATCHED, reason="r", to_department="water"))
    _move(api, HOUR, MoveRequest(State.HANDLING, reason="r"))
    _move(api, 2 * HOUR, MoveRequest(State.FED_BACK, reason="r"))
    handled = _clock(api, "resolve").done_at_us
    _move(api, 5 * HOUR, MoveRequest(State.HANDLING, reason="still wet"))

    due = from_us(_clock(api, "resolve").due_at_us or 0)
    assert handled is not None
    assert due - START == 27 * HOUR


def test_a_case_that_ends_leaves_no_deadline(api: Api) -> None:
    """Nothing comes due for a void case."""
    _move(api, MINUTE, MoveRequest(State.VOID, reason="drill", approved_by="chief"))
    api.step(START + 100 * HOUR)

    assert _notices(api) == []


def test_an_extension_moves_the_deadline(api: Api) -> None:
    """Approved by another, in the clock's own unit; a rung ahead again happens again."""
    api.step(START + 20 * HOUR)
    api.services.work.extend(
        Deed(CASE, "ann", START + 20 * HOUR), "resolve", "1 natural_day", "chief", "storm"
    )
    lamp, due = _clock(api, "resolve").lamp, from_us(_clock(api, "resolve").due_at_us or 0)
    api.step(START + 37 * HOUR)

    assert (lamp, due - START) == (Lamp.GREEN, 48 * HOUR)
    assert _clock(api, "resolve").lamp is Lamp.YELLOW


@pytest.mark.parametrize(
    ("clock_name", "by", "approved_by", "error"),
    [
        pytest.param("resolve", "1 natural_day", "ann", MoveIncomplete, id="by oneself"),
        pytest.param("resolve", "1 work_day", "chief", InvalidInput, id="other unit"),
        pytest.param("nothing", "1 natural_day", "chief", InvalidInput, id="no such clock"),
        pytest.param("resolve", "soon", "chief", InvalidInput, id="no amount"),
    ],
)
def test_a_bad_extension_is_refused(
    api: Api, clock_name: str, by: str, approved_by: str, error: type[Exception]
) -> None:
    """Nobody gives himself time."""
    with pytest.raises(error):
        api.services.work.extend(Deed(CASE, "ann", START), clock_name, by, approved_by, "r")


def test_a_rising_level_brings_deadlines_nearer(api: Api) -> None:
    """A blue case that turns red is due as if it had been red from the start."""
    api.accept_events(body_of(make_event(2, level=Level.BLUE, district="nanshan")))
    api.step(START)
    api.accept_events(body_of(make_event(2, 1, level=Level.RED, district="nanshan")))
    api.step(START + HOUR)

    with api.services.store.read() as connection:
        chosen = CaseFilter(district="nanshan")
        (case,) = list_cases(connection, chosen, before=None, limit=10)
    late = {clock.name: clock.lamp for clock in case.clocks}
    assert (late["response"], late["resolve"]) == (Lamp.RED, Lamp.GREEN)


def test_emergency_operation_shortens_limits_of_its_district(api: Api) -> None:
    """急: yellow cases have the red limits; elsewhere nothing changes."""
    for number, district in ((2, "futian"), (3, "nanshan")):
        api.accept_events(body_of(make_event(number, district=district)))
    api.step(START)
    touched = api.services.ticker.switch_mode(
        "futian", Mode.EMERGENCY, now=START + MINUTE, actor="chief", reason="typhoon"
    )
    api.accept_events(body_of(make_event(4)))
    api.step(START + MINUTE)

    with api.services.store.read() as connection:
        found = list_cases(connection, CaseFilter(), before=None, limit=10)
    due = {
        case.case_id: {c.name: from_us(c.due_at_us or 0) - START for c in case.clocks}
        for case in found
    }
    assert touched == 2
    assert [due[case_id_of(event_id(n))]["response"] for n in (1, 2, 3, 4)] == [
        15 * MINUTE,
        30 * MINUTE,
        120 * MINUTE,
        31 * MINUTE,
    ]


def test_the_supervision_queue_has_the_worst_first(api: Api) -> None:
    """Red lamps stand before yellow ones; green ones are not there."""
    api.accept_events(body_of(make_event(2), make_event(3, level=Level.BLUE)))
    api.step(START)
    api.step(START + 95 * MINUTE)

    with api.services.store.read() as connection:
        queue = supervised(connection, None, limit=10)
    assert [(case.case_id, case_lamp(case)) for case in queue] == [
        (CASE, Lamp.RED),
        (case_id_of(event_id(2)), Lamp.YELLOW),
    ]


def test_rebuild_keeps_every_deadline(api: Api) -> None:
    """Clocks come back from the log, byte for byte."""
    api.step(START + 20 * HOUR)
    api.services.work.extend(Deed(CASE, "ann", START), "resolve", "2 natural_day", "chief", "r")
    api.accept_events(body_of(make_event(1, 1, level=Level.RED, phase=EventPhase.END)))
    api.step(START + 21 * HOUR)

    report = rebuild(api.services.store, api.services.flows)

    assert report.digest_before == report.digest_after
