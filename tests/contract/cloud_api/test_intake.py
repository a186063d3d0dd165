"""Contract of the intake log: each revision once, in a gapless order."""

import threading

import msgspec
import pytest
from sqlalchemy import select

from cloud_api.bootstrap import Api, build
from cloud_api.config import ApiConfig
from cloud_api.intake import Outcome, read_events
from cloud_api.schema import intake
from contracts.levels import Level
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, make_event


def _sequence(api: Api) -> list[int]:
    with api.services.store.read() as connection:
        return list(connection.scalars(select(intake.c.seq).order_by(intake.c.seq)))


def test_first_post_is_accepted(api: Api) -> None:
    """A new revision is stored."""
    receipt = api.accept_events(body_of(make_event()))

    assert receipt == (1, 0, [])


def test_second_post_is_a_duplicate(api: Api) -> None:
    """The same revision again changes nothing."""
    api.accept_events(body_of(make_event()))

    receipt = api.accept_events(body_of(make_event()))

    assert receipt == (0, 1, [])
    assert _sequence(api) == [1]


def test_duplicate_within_one_post(api: Api) -> None:
    """The same revision twice in one array is stored once."""
    receipt = api.accept_events(body_of(make_event(), make_event()))

    assert receipt == (1, 1, [])


def test_other_layout_is_a_duplicate(api: Api) -> None:
    """White space and key order do not make another content."""
    api.accept_events(body_of(make_event()))
    fields = msgspec.json.decode(body_of(make_event()))
    shuffled = msgspec.json.format(msgspec.json.encode(dict(reversed(fields.items()))), indent=3)

    receipt = api.accept_events(shuffled)

    assert receipt.duplicates == 1


def test_different_content_is_a_conflict(api: Api) -> None:
    """The same revision with other content is refused, and what is stored stays."""
    api.accept_events(body_of(make_event(level=Level.BLUE)))

    receipt = api.accept_events(body_of(make_event(level=Level.RED)))
    api.step(START)

    assert [item.problem.slug for item in receipt.rejected] == ["event-conflict"]
    with api.services.store.read() as connection:
        stored = connection.scalars(select(intake.c.body)).all()
    assert [b'"blue"' in bytes(body) for body in stored] == [True]


def test_bad_items_do_not_stop_good_ones(api: Api) -> None:
    """An item that is no event is named by its place; its neighbours are stored."""
    good = body_of(make_event(1))
    body = b"[" + good + b',{"type":"event.v1"},7,' + body_of(make_event(2)) + b"]"

    receipt = api.accept_events(body)

    assert receipt.accepted == 2
    assert [item.position for item in receipt.rejected] == [1, 2]


def test_sequence_has_no_gaps_under_concurrent_writers(
    config: ApiConfig, clock: ManualClock, api: Api
) -> None:
    """Two processes that append at once neither collide nor leave holes."""
    other = build(config, clock)

    def post(target: Api, first: int) -> None:
        for number in range(first, first + 20):
            target.accept_events(body_of(make_event(number), make_event(number, 1)))

    threads = [
        threading.Thread(target=post, args=args) for args in ((api, 0), (other, 10), (api, 100))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(1, 101)) == _sequence(api)
    other.close()


def test_groups_are_answered_apart(api: Api) -> None:
    """Several posts committed together get their own outcomes, in order."""
    groups = [read_events(body_of(make_event(n)), 10).incoming for n in (1, 2, 1)]

    outcomes = api.services.intake.append(groups, START)

    assert outcomes == [[Outcome.ACCEPTED], [Outcome.ACCEPTED], [Outcome.DUPLICATE]]


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("x" * 50_000, id="long"),
        pytest.param("井盖 🚧 'quoted\" \\u0041", id="unicode and quotes"),
        pytest.param("", id="empty"),
    ],
)
def test_any_text_survives(api: Api, title: str) -> None:
    """What is posted is what is read, whatever the text."""
    api.accept_events(body_of(make_event(title=title)))
    api.step(START)

    with api.services.store.read() as connection:
        body = connection.scalar(select(intake.c.body))

    assert title == msgspec.json.decode(bytes(body or b""))["title"]["en"]
