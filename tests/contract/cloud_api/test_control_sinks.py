"""Contract of what carries control messages: in memory, and through a hub session."""

from collections.abc import Callable

import pytest

from cloud_api.bootstrap import Api
from cloud_api.case_desk import Deed
from cloud_api.case_record import case_id_of
from cloud_api.control_messages import acknowledgements, tell_gateways
from cloud_api.control_sinks import MemoryControlSink, SessionControlSink
from cloud_api.ports import ControlSink
from contracts.codec import decode_message
from contracts.control import Control, ControlAction
from contracts.event import EventPhase
from runtime.memory_hub import MemoryHub
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

Pair = tuple[ControlSink, Callable[[], list[tuple[str, Control]]]]


def _memory() -> Pair:
    sink = MemoryControlSink()
    return sink, lambda: sink.sent


def _session() -> Pair:
    hub = MemoryHub()
    gateway = hub.session("gateway")
    gateway.start()
    gateway.subscribe("city/v1/+/control")

    def received() -> list[tuple[str, Control]]:
        found = []
        for inbound in gateway.receive():
            message = decode_message(inbound.payload)
            assert isinstance(message, Control)
            found.append((inbound.topic.split("/")[2], message))
        return found

    return SessionControlSink(hub.session("api")), received


@pytest.fixture(params=[_memory, _session], ids=["memory", "session"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """A sink, and what a gateway has received."""
    made: Pair = request.param()
    return made


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_acknowledged_case_tells_its_gateways(api: Api, pair: Pair) -> None:
    """Each open event is acknowledged on its district's topic; an ended one is left alone."""
    sink, received = pair
    api.accept_events(
        body_of(
            make_event(1, dedupe="k"),
            make_event(2, dedupe="k"),
            make_event(2, 1, dedupe="k", phase=EventPhase.END),
        )
    )
    api.step(START)
    done = api.services.desk.acknowledge(Deed(case_id_of(event_id(1)), "ann", START))

    tell_gateways(done.case, sink, api.services.metrics)

    ((district, control),) = received()
    assert (district, control.event_id, control.by) == ("futian", event_id(1), "ann")
    assert control.action is ControlAction.ACKNOWLEDGE
    sink.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_lost_message_is_counted(api: Api) -> None:
    """A hub that is away loses the message, and the metric says so."""
    api.accept_events(body_of(make_event(1)))
    api.step(START)
    done = api.services.desk.acknowledge(Deed(case_id_of(event_id(1)), "ann", START))
    sink = SessionControlSink(MemoryHub().session("api"))
    sink.close()

    tell_gateways(done.case, sink, api.services.metrics)

    assert len(acknowledgements(done.case)) == 1
    assert b"cityloop_api_control_dropped_total 1.0" in api.services.metrics.render()
