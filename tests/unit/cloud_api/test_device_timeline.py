"""Orders to devices among the entries of a case's log."""

from datetime import timedelta

from msgspec.structs import replace

from cloud_api.device_timeline import with_orders
from cloud_api.views import TimelineEntry
from contracts.registry import OrderReport
from tests.contract.cloud_api.events import START

ORDER = OrderReport(
    id="order-1",
    event_id="00000000-0000-5000-8000-000000000001",
    rev=0,
    rule="alarm",
    device="sign-1",
    kind="give",
    command="sign.show",
    state="sent",
    detail="",
    made_at=START + timedelta(seconds=2),
)


def _logged(*seconds: int) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            version=number,
            at=START + timedelta(seconds=after),
            actor="system",
            kind="climbed",
            reason="",
            detail={},
        )
        for number, after in enumerate(seconds, start=1)
    ]


def _shape(entries: list[TimelineEntry]) -> list[int | str]:
    return [entry.kind if entry.version is None else entry.version for entry in entries]


def test_orders_stand_in_their_place() -> None:
    """What was ordered and what came of it are put between the entries of the log, by time."""
    answered = replace(ORDER, state="done", settled_at=START + timedelta(seconds=4))

    assert _shape(with_orders(_logged(1, 3, 5), [answered])) == [
        1,
        "device_ordered",
        2,
        "device_answered",
        3,
    ]


def test_open_order_has_no_answer() -> None:
    """Nothing is said about what is not known yet."""
    assert _shape(with_orders(_logged(1), [ORDER])) == [1, "device_ordered"]


def test_log_keeps_its_order_where_a_clock_went_back() -> None:
    """The log's own order is what happened."""
    assert _shape(with_orders(_logged(5, 1), [ORDER]))[-2:] == [1, 2]
