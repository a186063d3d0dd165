"""Contract of the orders: each matter once, on each database."""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from cloud_api.bootstrap import Api, build
from cloud_api.config import ApiConfig
from cloud_api.control_sinks import MemoryControlSink
from cloud_api.orders.desk import OrderOutcome
from cloud_api.orders.ledger import decode_order
from cloud_api.orders.mapping import load_mapping, mapping_path
from cloud_api.orders.order import subject_of
from cloud_api.orders.reception import Received
from cloud_api.orders.sources import OrderSource
from cloud_api.orders.tables import order_log, order_names, orders
from cloud_api.rebuild import rebuild
from cloud_api.schema import cases
from contracts.control import ControlAction, Mode
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START

HOTLINE = load_mapping(mapping_path("hotline-12345"))
WEATHER = load_mapping(mapping_path("weather-cap"))
CALL = HOTLINE.golden[0].document.encode()


@pytest.fixture
def control() -> MemoryControlSink:
    """What was sent down to the gateways."""
    return MemoryControlSink()


@pytest.fixture
def joined(config: ApiConfig, clock: ManualClock, control: MemoryControlSink) -> Iterator[Api]:
    """An API with two sources."""
    sources = (OrderSource(mapping="hotline-12345"), OrderSource(mapping="weather-cap"))
    built = build(msgspec.structs.replace(config, orders=sources), clock, control)
    yield built
    built.close()


def _receive(api: Api, document: bytes, minutes: int = 30) -> Received:
    name = "weather-cap" if document.lstrip().startswith(b"<") else "hotline-12345"
    reception = api.services.orders.reception
    return reception.receive(
        reception.sources[name].mapping, document, START + timedelta(minutes=minutes)
    )


def _changed(**fields: object) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(CALL) | fields)


def _cases(api: Api) -> list[tuple[str, ...]]:
    api.step(START + timedelta(hours=1))
    query = select(cases.c.district, cases.c.event_type, cases.c.state, cases.c.level).order_by(
        cases.c.opened_seq
    )
    with api.services.store.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_an_order_becomes_a_case(joined: Api) -> None:
    """A caller's report waits for its first check."""
    received = _receive(joined, CALL)

    assert [one.outcome for one in received.taken] == [OrderOutcome.NEW]
    assert _cases(joined) == [("futian", "water.ponding", "collected", "yellow")]


def test_the_same_again_changes_nothing(joined: Api) -> None:
    """Idempotent by the source's id."""
    first = _receive(joined, CALL)
    again = _receive(joined, CALL, 31)

    assert [one.outcome for one in again.taken] == [OrderOutcome.SAME]
    assert first.taken[0].order_id == again.taken[0].order_id
    assert len(_cases(joined)) == 1


def test_a_change_follows_its_case(joined: Api) -> None:
    """A hotline that makes it urgent makes the case red."""
    _receive(joined, CALL)
    changed = _receive(joined, _changed(urgency="特急"), 31)

    assert [(one.rev, one.outcome) for one in changed.taken] == [(1, OrderOutcome.CHANGED)]
    assert _cases(joined) == [("futian", "water.ponding", "collected", "red")]


def test_other_words_of_the_caller_are_a_change(joined: Api) -> None:
    """What is sealed counts too."""
    _receive(joined, CALL)

    assert _receive(joined, _changed(content="水退了"), 31).taken[0].outcome is OrderOutcome.CHANGED


def test_personal_fields_are_sealed_and_can_be_withdrawn(joined: Api) -> None:
    """The log holds no word of the caller; after the withdrawal nobody reads them."""
    order_id = _receive(joined, CALL).taken[0].order_id
    desk = joined.services.orders.desk
    with joined.services.store.read() as connection:
        body = bytes(connection.scalars(select(order_log.c.body)).one())
    record = decode_order(body)
    before = desk.personal(record)
    joined.services.vault.shred(subject_of(order_id), START)

    assert not any(word.encode() in body for word in ("13800000000", "王某", "熄火"))
    assert before is not None
    assert before.contact["phone"] == "13800000000"
    assert desk.personal(record) is None


def test_a_cancelled_warning_ends_the_case_that_it_opened(joined: Api) -> None:
    """A message under another id finds the matter by the id that it names."""
    opened = _receive(joined, WEATHER.golden[0].document.encode())
    cancelled = _receive(joined, WEATHER.golden[2].document.encode(), 240)
    late = _receive(joined, WEATHER.golden[0].document.encode(), 241)

    assert cancelled.taken[0] == (opened.taken[0].order_id, 1, OrderOutcome.CHANGED)
    assert late.taken[0].outcome is OrderOutcome.SAME


def test_a_red_warning_brings_emergency_operation(joined: Api, control: MemoryControlSink) -> None:
    """The district is switched and its gateways are told, once."""
    for minutes in (0, 1):
        _receive(joined, WEATHER.golden[0].document.encode(), minutes)

    assert [(district, sent.action, sent.mode) for district, sent in control.sent] == [
        ("futian", ControlAction.MODE, Mode.EMERGENCY)
    ]


def test_rebuild_of_orders_is_byte_identical(joined: Api) -> None:
    """Orders and their names come back from the log."""
    _receive(joined, CALL)
    _receive(joined, _changed(urgency="特急"), 31)
    _receive(joined, WEATHER.golden[0].document.encode())
    _receive(joined, WEATHER.golden[2].document.encode(), 240)
    joined.step(START)

    def rows() -> list[tuple[object, ...]]:
        with joined.services.store.read() as connection:
            return [
                tuple(row)
                for table, key in ((orders, orders.c.order_id), (order_names, order_names.c.source_id))
                for row in connection.execute(select(table).order_by(key))
            ]  # fmt: skip

    before = rows()
    report = rebuild(joined.services.store, joined.services.flows)

    assert len(before) == 5
    assert before == rows()
    assert report.digest_before == report.digest_after
