"""The disk before a telemetry server: nothing is lost while it is away, within a budget."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from gateway.errors import TelemetryError
from gateway.ports import Point
from gateway.sinks.circuit_breaker import CircuitBreaker
from gateway.telemetry.spool import SpooledTelemetry
from runtime.backoff import Backoff


class Server:
    """A store that is away until told otherwise."""

    def __init__(self) -> None:
        self.up = False
        self.counters: Counter[str] = Counter()
        self.waiting = 0
        self.points: list[Point] = []
        self.asked = 0

    def write(self, points: Sequence[Point]) -> None:
        """Take points, or be away."""
        self.asked += 1
        if not self.up:
            raise TelemetryError("away")
        self.points.extend(points)

    def tend(self) -> bool:
        """Do nothing."""
        return False

    def close(self) -> None:
        """Do nothing."""


class Hand:
    """A clock that is moved by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        """Return seconds."""
        return self.now_s


def spool(folder: Path, server: Server, hand: Hand, budget_bytes: int = 10_000) -> SpooledTelemetry:
    """Return a spool before the server."""
    breaker = CircuitBreaker(Backoff(1.0, 1.0, Random(1)))
    return SpooledTelemetry(
        server, folder / "s.sqlite", breaker, budget_bytes=budget_bytes, monotonic=hand
    )


def batch(number: int) -> list[Point]:
    """Return three points of different types."""
    return [
        Point("d", "x_m", number * 10, number / 3),
        Point("d", "open", number * 10, True),
        Point("n", "source", number * 10, "工地"),
    ]


def test_points_go_straight_through_while_the_server_answers(tmp_path: Path) -> None:
    """The file is only for bad times."""
    server = Server()
    server.up = True
    made = spool(tmp_path, server, Hand())
    made.write(batch(1))
    made.close()

    assert server.points == batch(1)
    assert made.counters["spooled"] == 0


def test_outage_and_restart_lose_nothing_and_keep_the_order(tmp_path: Path) -> None:
    """What a server missed it gets later, oldest first, also from another process."""
    server, hand = Server(), Hand()
    made = spool(tmp_path, server, hand)
    for number in range(5):
        made.write(batch(number))
    made.close()
    made = spool(tmp_path, server, hand)
    waiting = made.waiting
    server.up = True
    hand.now_s = 60.0
    made.write(batch(5))
    while made.tend():
        pass
    made.close()

    assert waiting == 15
    assert server.points == [point for number in range(6) for point in batch(number)]
    assert made.waiting == 0


def test_server_that_is_away_is_left_alone(tmp_path: Path) -> None:
    """Writes go to the file without asking it each time."""
    server = Server()
    made = spool(tmp_path, server, Hand())
    for number in range(50):
        made.write(batch(number))
    made.close()

    assert server.asked == 1


def test_budget_drops_the_oldest_and_counts_them(tmp_path: Path) -> None:
    """A server that never comes back does not fill the disk."""
    made = spool(tmp_path, Server(), Hand(), budget_bytes=500)
    for number in range(50):
        made.write(batch(number))
    made.close()

    assert made.counters["dropped"] + made.waiting == 150
    assert 0 < made.waiting < 60
