"""Contract of users, passwords, sessions and scopes."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from cloud_api.bootstrap import Api
from cloud_api.case_opening import Deed
from cloud_api.errors import InvalidInput, NotFound, RateLimited, Unauthenticated
from cloud_api.keys import Role
from cloud_api.people.back_off import FREE_FAILURES, LONGEST_S, pause_s
from cloud_api.people.login import Login
from cloud_api.people.passwords import Passwords
from cloud_api.people.register import User
from cloud_api.people.scope import EVERYTHING, Scope
from cloud_api.people.tables import sessions, users
from cloud_api.queries import CaseFilter, EventFilter, list_cases, list_events
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, make_event

PASSWORD = "a sentence about rain"
HASHED = Passwords().hash(PASSWORD)


def _add(api: Api, name: str = "li.ming", scope: Scope = EVERYTHING) -> User:
    return api.services.users.add(name, Role.OPERATOR, scope, START, password_hash=HASHED)


def _fail(login: Login, name: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unauthenticated):
            login.enter(name, "another sentence")


def test_a_login_opens_a_session(api: Api) -> None:
    """Who logs in is who he was added as, with role and scope."""
    scope = Scope(districts=("futian",))
    user = _add(api, scope=scope)

    entered = api.services.login.enter("li.ming", PASSWORD)
    identity = api.services.callers.identify(entered.token)

    assert (identity.key_id, identity.name, identity.role, identity.scope, identity.kind) == (
        user.user_id,
        "li.ming",
        Role.OPERATOR,
        scope,
        "user",
    )


def test_neither_password_nor_token_is_stored(api: Api) -> None:
    """Nothing in the tables gives either away."""
    _add(api)
    token = api.services.login.enter("li.ming", PASSWORD).token

    with api.services.store.read() as connection:
        stored = [*connection.execute(select(users)), *connection.execute(select(sessions))]

    assert PASSWORD not in str(stored)
    assert token.split("_", 2)[2] not in str(stored)
    assert "$argon2id$" in str(stored)


@pytest.mark.parametrize("name", ["li.ming", "nobody", "locked", "elsewhere"])
def test_wrong_unknown_and_locked_look_alike(api: Api, name: str) -> None:
    """The answer does not tell whether somebody has the name."""
    _add(api)
    _add(api, "locked")
    api.services.users.change("locked", START, locked=True)
    api.services.users.add("elsewhere", Role.READER, EVERYTHING, START, issuer="https://id.test")
    password = PASSWORD if name == "locked" else "another sentence"

    with pytest.raises(Unauthenticated) as refused:
        api.services.login.enter(name, password)

    assert refused.value.detail == (
        "name and password do not fit; after five failures there is a pause"
    )


def test_an_unknown_name_takes_as_long_as_a_wrong_password(api: Api) -> None:
    """Processor time does not tell either: the same hash is computed for nobody."""
    _add(api)
    passwords = api.services.passwords

    def spent(stored: str | None) -> float:
        began = time.process_time()
        passwords.fits("another sentence", stored)
        return time.process_time() - began

    pairs = [(spent(HASHED), spent(None)) for _ in range(5)]
    wrong, unknown = (min(column) for column in zip(*pairs, strict=True))

    assert 0.5 < unknown / wrong < 2.0


@pytest.mark.parametrize("name", ["li.ming", "nobody"])
def test_failures_make_a_pause_for_any_name(api: Api, clock: ManualClock, name: str) -> None:
    """After five failures even the right password has to wait, and then it does not."""
    _add(api)
    login = api.services.login
    _fail(login, name, FREE_FAILURES)

    with pytest.raises(RateLimited) as early:
        login.enter(name, PASSWORD)
    clock.set(START + timedelta(seconds=2))

    assert early.value.headers == {"Retry-After": "1"}
    if name == "li.ming":
        assert login.enter(name, PASSWORD).identity.name == name
    else:
        _fail(login, name, 1)


def test_a_success_forgives(api: Api) -> None:
    """Failures in a row are counted, not those of a life."""
    _add(api)
    login = api.services.login

    for _ in range(3):
        _fail(login, "li.ming", FREE_FAILURES - 1)
        login.enter("li.ming", PASSWORD)


@given(failures=st.integers(0, 10_000))
def test_pauses_grow_and_are_bounded(failures: int) -> None:
    """More failures never mean a shorter pause, and nobody is locked out for ever."""
    assert pause_s(failures) <= pause_s(failures + 1) <= LONGEST_S


@pytest.mark.parametrize(
    "password", ["short", "x" * 201, "aaaaaaaaaaaaaa", "abababababababab"], ids=len
)
def test_weak_passwords_are_refused(password: str) -> None:
    """Too short, too long, or a few characters over and over."""
    with pytest.raises(InvalidInput):
        Passwords().hash(password)


@pytest.mark.parametrize("after_s", [3_601, 43_201])
def test_a_session_ends_by_itself(api: Api, clock: ManualClock, after_s: int) -> None:
    """Idle for an hour, or half a day old: nobody."""
    _add(api)
    token = api.services.login.enter("li.ming", PASSWORD).token

    clock.set(START + timedelta(seconds=after_s))

    with pytest.raises(Unauthenticated):
        api.services.sessions.identify(token)


def test_a_used_session_goes_on(api: Api, clock: ManualClock) -> None:
    """Whoever works is not thrown out every hour."""
    _add(api)
    token = api.services.login.enter("li.ming", PASSWORD).token

    for half_hours in range(1, 6):
        clock.set(START + timedelta(minutes=30 * half_hours))
        api.services.sessions.identify(token)


def test_locking_ends_sessions(api: Api) -> None:
    """A locked user's token is worthless once the cache is old."""
    _add(api)
    token = api.services.login.enter("li.ming", PASSWORD).token

    api.services.users.change("li.ming", START, locked=True)
    api.services.sessions.forget()

    with pytest.raises(Unauthenticated):
        api.services.callers.identify(token)


def test_logging_out_ends_the_session(api: Api) -> None:
    """The token is nobody's afterwards."""
    _add(api)
    token = api.services.login.enter("li.ming", PASSWORD).token
    api.services.sessions.identify(token)

    api.services.sessions.end(token)

    assert api.services.sessions.cached(token) is None
    with pytest.raises(Unauthenticated):
        api.services.sessions.identify(token)


@pytest.mark.parametrize("token", ["session_", "session_0123456789abcdef_", "session_' OR 1=1"])
def test_a_forged_session_is_refused(api: Api, token: str) -> None:
    """Anything but a token that was given out is nobody."""
    _add(api)
    real = api.services.login.enter("li.ming", PASSWORD).token

    for forged in (token, real[:-1] + ("A" if real[-1] != "A" else "B"), real + "\n"):
        with pytest.raises(Unauthenticated):
            api.services.callers.identify(forged)


def test_a_name_is_taken_once(api: Api) -> None:
    """Two users cannot have one name, nor a machine's role."""
    _add(api)

    with pytest.raises(InvalidInput, match="exists"):
        _add(api)
    with pytest.raises(InvalidInput, match="roles"):
        api.services.users.add("gw", Role.GATEWAY, EVERYTHING, START)
    with pytest.raises(NotFound):
        api.services.users.get("nobody")


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        pytest.param(EVERYTHING, {1, 2, 3}, id="everything"),
        pytest.param(Scope(districts=("futian",)), {1, 2}, id="district"),
        pytest.param(Scope(departments=("water",)), {1, 3}, id="department"),
        pytest.param(Scope(departments=("sanitation",)), {2}, id="part of the work"),
        pytest.param(
            Scope(districts=("futian",), departments=("water",)), {1}, id="both must agree"
        ),
        pytest.param(Scope(grids=("440304",)), set(), id="no grid known"),
        pytest.param(Scope(departments=("wat",)), set(), id="part of a name"),
        pytest.param(Scope(districts=("nobody",)), set(), id="elsewhere"),
    ],
)
def test_a_scope_holds_what_it_says(api: Api, scope: Scope, seen: set[int]) -> None:
    """District, departments of case and sub-tasks, grid: all of them must agree."""
    api.accept_events(body_of(make_event(1), make_event(2), make_event(3, district="nanshan")))
    api.step(START)

    with api.services.store.read() as connection:
        found = list_cases(connection, CaseFilter(), before=None, limit=9)
    ids = {case.events[0].event_id: case.case_id for case in found}
    by_number = {int(event_id[-2:], 16): case_id for event_id, case_id in ids.items()}
    desk, work = api.services.desk, api.services.work
    desk.assign(Deed(by_number[1], "op", START), "water", None, "")
    desk.assign(Deed(by_number[3], "op", START), "water", None, "")
    work.add_subtask(Deed(by_number[2], "op", START), "sanitation", "sweep", None, "")

    with api.services.store.read() as connection:
        cases = list_cases(connection, CaseFilter(), before=None, limit=9, scope=scope)
        events = list_events(connection, EventFilter(), before=None, limit=9, scope=scope)

    assert {case.case_id for case in cases} == {by_number[number] for number in seen}
    assert {int(state.event_id[-2:], 16) for state in events} == seen
    for number, case_id in by_number.items():
        assert api.services.callers.visible(scope, case_ref=case_id) == (number in seen)
