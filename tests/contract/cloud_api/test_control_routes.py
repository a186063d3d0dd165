"""What people say at the API reaches the gateways of the district: acknowledge, shelve, unshelve, mode."""

import asyncio
from collections.abc import Iterator, Mapping

import httpx
import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.case_record import case_id_of
from cloud_api.config import ApiConfig
from cloud_api.control_sinks import SessionControlSink
from cloud_api.keys import Role
from contracts.codec import decode_message
from contracts.control import Control, ControlAction, Mode
from runtime.clock import ManualClock
from runtime.memory_hub import MemoryHub
from runtime.session import Session
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def hub() -> MemoryHub:
    """A hub in memory."""
    return MemoryHub()


@pytest.fixture
def gateway(hub: MemoryHub) -> Session:
    """A gateway's session, which listens to its district."""
    session = hub.session("gateway")
    session.start()
    session.subscribe("city/v1/futian/control")
    return session


@pytest.fixture
def wired(config: ApiConfig, clock: ManualClock, hub: MemoryHub) -> Iterator[Api]:
    """An API on the hub."""
    api = build(config, clock, SessionControlSink(hub.session("api")))
    api.services.trail.start()  # no answer leaves before its line is stored
    yield api
    api.services.trail.stop(10.0)
    api.close()


def _post(api: Api, path: str, body: Mapping[str, object]) -> httpx.Response:
    token = api.services.keys.create("ann", Role.OPERATOR, START)[1]

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(app=api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            headers = {"Authorization": f"Bearer {token}"}
            return await client.post(path, json=body, headers=headers)

    return asyncio.run(post())


def _heard(gateway: Session) -> list[Control]:
    found = [decode_message(inbound.payload) for inbound in gateway.receive()]
    return [message for message in found if isinstance(message, Control)]


def test_acknowledge_goes_down(wired: Api, gateway: Session) -> None:
    """Once, for the open event."""
    wired.accept_events(body_of(make_event(1)))
    wired.step(START)
    case = case_id_of(event_id(1))
    answers = [_post(wired, f"/v1/cases/{case}/acknowledge", {}).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert [(each.action, each.event_id, each.by) for each in _heard(gateway)] == [
        (ControlAction.ACKNOWLEDGE, event_id(1), "ann")
    ]


def test_shelve_and_unshelve_go_down(wired: Api, gateway: Session) -> None:
    """With rule, key, reason and end."""
    body = {"district": "futian", "rule": "waterlogging", "key": {"subject": "ws-1"}, "reason": "r"}
    shelved = _post(wired, "/v1/shelve", body | {"for_s": 600}).json()
    _post(wired, "/v1/unshelve", body)
    first, second = _heard(gateway)

    assert shelved["told"] is True
    assert (first.action, first.rule, first.key) == (
        ControlAction.SHELVE,
        "waterlogging",
        {"subject": "ws-1"},
    )
    assert first.until is not None
    assert (first.until - START).total_seconds() == 600
    assert (second.action, second.until) == (ControlAction.UNSHELVE, None)


def test_mode_goes_down(wired: Api, gateway: Session) -> None:
    """To the gateways of its district."""
    body = {"district": "futian", "mode": "emergency", "reason": "typhoon"}

    assert _post(wired, "/v1/modes", body).json()["told"] is True
    assert [(each.action, each.mode) for each in _heard(gateway)] == [
        (ControlAction.MODE, Mode.EMERGENCY)
    ]


def test_something_has_to_be_named(wired: Api) -> None:
    """A shelf for everything would be a city without alarms."""
    assert _post(wired, "/v1/shelve", {"district": "futian", "reason": "r"}).status_code == 422
