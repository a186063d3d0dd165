"""The event outbox keeps what waits and forgets what is settled."""

from pathlib import Path

from gateway.event_outbox import EventOutbox, EventState
from tests.unit.gateway.city import START


def test_outbox_forgets_the_oldest_settled_events_first(tmp_path: Path) -> None:
    """The budget takes delivered events, never waiting ones."""
    outbox = EventOutbox(tmp_path / "small.sqlite", remember=10)
    outbox.put([(f"e-{n}", 0, b"{}") for n in range(1_500)], START)
    outbox.settle(outbox.batch(1_200), EventState.DELIVERED, START)

    assert len(outbox._select("", ())) == 310
    assert outbox.pending == 300
    assert outbox.put([("e-1", 0, b"{}"), ("e-1400", 0, b"{}")], START) == 1
    outbox.close()
