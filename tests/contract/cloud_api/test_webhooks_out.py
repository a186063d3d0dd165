"""Contract of the webhooks that leave: signed, in order, none lost, each endpoint for itself."""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from cloud_api.bootstrap import Api, build
from cloud_api.citizens.reports import Report
from cloud_api.config import ApiConfig
from cloud_api.webhooks.endpoints import Endpoint, EndpointError, Topic
from cloud_api.webhooks.tables import webhook_log
from contracts.envelope import Place
from contracts.levels import Level
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, event_id, make_event
from tests.integration.cloud_api.listeners import Heard, Listener, listening

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
Made = tuple[Api, list[Listener]]


@pytest.fixture
def make(
    config: ApiConfig, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Made]]:
    """An API with an endpoint for each dictionary of settings."""
    monkeypatch.setenv("HOOK", SECRET)
    with ExitStack() as stack:

        def made(*settings: dict[str, Any]) -> Made:
            listeners = [stack.enter_context(listening()) for _ in settings]
            endpoints = tuple(
                Endpoint(id=f"e{n}", url=listener.url, secret_env="HOOK", **each)
                for n, (each, listener) in enumerate(zip(settings, listeners, strict=True))
            )
            api = build(msgspec.structs.replace(config, webhooks=endpoints), clock)
            stack.callback(api.close)
            api.step(START)  # the endpoints begin here
            return api, listeners

        yield made


def _types(listener: Listener) -> list[str]:
    return [msgspec.json.decode(heard.body)["type"] for heard in listener.heard]


def test_changes_arrive_signed_as_cloud_events(make: Callable[..., Made]) -> None:
    """The reference library believes them; data are the event and the case's entries."""
    api, (listener,) = make({})
    api.accept_events(body_of(make_event(1)))
    api.step(START)

    for heard in listener.heard:
        Webhook(SECRET).verify(heard.body, heard.headers)
    first = msgspec.json.decode(listener.heard[0].body)
    assert _types(listener) == [
        "cityloop.water.ponding",
        "cityloop.case.opened",
        "cityloop.case.moved",
    ]
    assert (first["specversion"], first["id"], first["data"]["type"]) == (
        "1.0",
        f"{event_id(1)}.0",
        "event.v1",
    )
    assert listener.heard[0].headers["content-type"].startswith("application/cloudevents+json")


def test_a_dead_endpoint_holds_up_no_other(make: Callable[..., Made]) -> None:
    """The living one has everything while the dead one waits; later that one has everything too."""
    api, (dead, living) = make({"retry_base_s": 10, "retry_cap_s": 10}, {})
    dead.answer = lambda _heard: 500
    for number in range(3):
        api.accept_events(body_of(make_event(number)))
        api.step(START)
    attempts = len(dead.heard)
    dead.answer = lambda _heard: 204
    api.step(START + timedelta(seconds=11))

    ids = [heard.headers["webhook-id"] for heard in dead.heard[attempts:]]
    assert sorted(ids) == sorted(heard.headers["webhook-id"] for heard in living.heard)
    assert attempts <= 3
    assert len(ids) == len(set(ids)) == 9


def test_a_message_that_is_refused_is_left_out(make: Callable[..., Made]) -> None:
    """A poisoned one does not stop the rest, and the log names it."""
    api, (listener,) = make({"topics": (Topic.EVENT,)})

    def answer(heard: Heard) -> int:
        return 422 if event_id(1) in heard.headers["webhook-id"] else 200

    listener.answer = answer
    api.accept_events(body_of(make_event(1), make_event(2)))
    api.step(START)
    with api.services.store.read() as connection:
        rows = connection.execute(select(webhook_log.c.message_id, webhook_log.c.outcome)).all()

    assert len(listener.heard) == 2
    assert [tuple(row) for row in rows] == [(f"{event_id(1)}.0", "refused")]
    assert api.services.webhooks[0].lag() == 0


def test_an_endpoint_that_is_gone_is_left_alone(make: Callable[..., Made]) -> None:
    """410 ends it until somebody starts it again."""
    api, (listener,) = make({"topics": (Topic.EVENT,)})
    listener.answer = lambda _heard: 410
    for number in range(3):
        api.accept_events(body_of(make_event(number)))
        api.step(START + timedelta(hours=number))

    assert (len(listener.heard), api.services.webhooks[0].gone) == (1, True)


def test_filters(make: Callable[..., Made]) -> None:
    """District, event type and level narrow what is sent."""
    api, listeners = make(
        {"topics": (Topic.EVENT,), "districts": ("nanshan",)},
        {"topics": (Topic.EVENT,), "event_types": ("fire.*",)},
        {"topics": (Topic.EVENT,), "levels": (Level.RED,)},
    )
    api.accept_events(
        body_of(
            make_event(1, district="nanshan"),
            make_event(2, event_type="fire.smoke"),
            make_event(3, level=Level.RED),
        )
    )
    api.step(START)

    assert [
        [heard.headers["webhook-id"] for heard in listener.heard] for listener in listeners
    ] == [[f"{event_id(number)}.0"] for number in (1, 2, 3)]


def test_an_app_is_told_of_its_reports(make: Callable[..., Made]) -> None:
    """Open311 with callbacks: a GeoReport request whenever its case moves, nothing about people."""
    api, (listener,) = make({"topics": (Topic.REPORT,)})
    report = Report(
        service_code="2-04-06",
        channel="app",
        place=Place(lon=114.0, lat=22.5),
        contact={"phone": "+86 138"},
    )
    taken = api.services.reports.take(report, once="1", now=START)
    api.step(START)
    (heard,) = listener.heard
    sent = msgspec.json.decode(heard.body)

    assert sent["type"] == "cityloop.report.updated"
    assert (sent["data"]["service_request_id"], sent["data"]["status"]) == (taken.order_id, "open")
    assert b"138" not in heard.body


def test_a_restart_goes_on_where_it_was(make: Callable[..., Made], clock: ManualClock) -> None:
    """What was delivered is not sent again, what was not is."""
    api, (listener,) = make({"topics": (Topic.EVENT,)})
    api.accept_events(body_of(make_event(1)))
    api.step(START)
    again = build(api.services.config, clock)
    again.accept_events(body_of(make_event(2)))
    again.step(START)
    again.close()

    assert [heard.headers["webhook-id"] for heard in listener.heard] == [
        f"{event_id(number)}.0" for number in (1, 2)
    ]


def test_an_endpoint_without_a_secret_stops_the_start(
    config: ApiConfig, clock: ManualClock
) -> None:
    """Nothing leaves unsigned."""
    endpoint = Endpoint(id="e", url="http://127.0.0.1:9", secret_env="ABSENT")

    with pytest.raises(EndpointError, match="ABSENT is empty"):
        build(msgspec.structs.replace(config, webhooks=(endpoint,)), clock)
