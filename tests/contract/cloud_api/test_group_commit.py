"""Contract of the group commit: bounded, shared, and fair to neighbours."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from sqlalchemy import func, select

from cloud_api.bootstrap import Api
from cloud_api.errors import IntakeFull
from cloud_api.group_commit import GroupCommit
from cloud_api.intake import Incoming, Outcome, read_events
from cloud_api.schema import intake
from tests.contract.cloud_api.events import body_of, make_event


def _incoming(*numbers: int) -> list[Incoming]:
    return read_events(body_of(*(make_event(n) for n in numbers)), 1000).incoming


def _run(
    api: Api,
    posts: list[list[Incoming]],
    *,
    queue_events: int = 1000,
    group_events: int = 1000,
) -> list[list[Outcome] | BaseException]:
    """Submit posts before the writer starts, so that they are one group; return the answers."""
    commit = GroupCommit(
        api.services.intake,
        api.services.clock,
        api.services.metrics,
        queue_events=queue_events,
        group_events=group_events,
    )

    async def go() -> list[list[Outcome] | BaseException]:
        submit: Callable[[list[Incoming]], Awaitable[list[Outcome]]] = commit.submit
        waiting = [asyncio.ensure_future(submit(post)) for post in posts]
        await asyncio.sleep(0)
        commit.start()
        return await asyncio.gather(*waiting, return_exceptions=True)

    answers = asyncio.run(go())
    commit.stop(10)
    return answers


def _stored(api: Api) -> int:
    with api.services.store.read() as connection:
        return connection.scalar(select(func.count()).select_from(intake)) or 0


@pytest.mark.parametrize("group_events", [1, 3, 1000])
def test_each_post_gets_its_own_answer(api: Api, group_events: int) -> None:
    """However posts are grouped, each is told what became of its own events."""
    posts = [_incoming(1, 2), _incoming(3), _incoming(2, 4), []]

    answers = _run(api, posts, group_events=group_events)

    accepted, duplicate = Outcome.ACCEPTED, Outcome.DUPLICATE
    assert answers == [[accepted, accepted], [accepted], [duplicate, accepted], []]


def test_a_full_queue_refuses_and_counts(api: Api) -> None:
    """What does not fit is refused at once with Retry-After; what fits is stored."""
    answers = _run(api, [_incoming(1, 2, 3), _incoming(4, 5)], queue_events=4)

    assert answers[0] == [Outcome.ACCEPTED] * 3
    assert isinstance(answers[1], IntakeFull)
    assert answers[1].headers == {"Retry-After": "1"}
    assert _stored(api) == 3
    assert b"cityloop_api_intake_refused_total 1.0" in api.services.metrics.render()


def test_a_poison_post_fails_alone(api: Api) -> None:
    """A post that no column takes does not fail those committed with it."""
    poison = [
        item._replace(event=msgspec.structs.replace(item.event, rev=2**70)) for item in _incoming(2)
    ]

    answers = _run(api, [_incoming(1), poison, _incoming(3)])

    assert answers[0] == answers[2] == [Outcome.ACCEPTED]
    assert isinstance(answers[1], Exception)
    assert _stored(api) == 2


def test_a_stopped_queue_takes_nothing(api: Api) -> None:
    """While the server stops, posts are refused rather than forgotten."""
    commit = api.services.group_commit
    commit.start()
    commit.stop(10)

    with pytest.raises(IntakeFull):
        asyncio.run(commit.submit(_incoming(1)))


@pytest.mark.parametrize(
    ("events", "busy"), [(1, False), (49, False), (50, True)], ids=["one", "some", "a batch"]
)
def test_a_big_post_makes_others_courteous(api: Api, events: int, *, busy: bool) -> None:
    """After a batch the next is awaited, so projector and ticker hold back; a few events pass by."""
    seen: list[bool] = []
    commit = api.services.group_commit
    commit.committed = lambda: seen.append(commit.busy())
    before = commit.posting()
    commit.start()
    asyncio.run(commit.submit(_incoming(*range(1, events + 1))))
    commit.stop(10)

    assert seen == [busy]
    assert (before, commit.posting()) == (False, True)
