"""The disk works beside the rules: nothing else is different for it."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.rule_host import RuleHost
from tests.unit.gateway.city import GATES, PACK, START, City, journalled, reading

_DEPTHS = (0.1, 0.11, 0.2, 0.45, 0.44, 0.45, 0.46, 0.3, 0.2, 0.1)


@pytest.fixture
def disk() -> Iterator[Executor]:
    """Yield a thread for the disk."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


def _backlog(city: City, messages: int = 200) -> None:
    """Let the hub hold readings of a flood that comes and goes."""
    for seq in range(messages):
        at = START + timedelta(seconds=10.0 * seq)
        city.send(reading(seq, at, _DEPTHS[seq // 20 % len(_DEPTHS)]))
    city.clock.advance(10.0 * messages)


def _work_off(city: City, disk: Executor | None, *, steps: int = 100) -> None:
    """Take the backlog in batches of seven."""
    worker = city.gateway.worker
    worker.overlap(disk, city.clock.now())
    for _ in range(steps):
        city.clock.advance(0.7)
        worker.step(city.clock.now(), 7)
    worker.overlap(None, city.clock.now())


def _digest(city: City) -> str:
    host: RuleHost = city.gateway.host
    return host.digest()


def test_events_and_state_are_those_of_one_thing_after_the_other(
    tmp_path: Path, disk: Executor
) -> None:
    """The rules see the same records in the same order."""
    plain, beside = City(tmp_path / "a", pack=PACK + GATES), City(tmp_path / "b", pack=PACK + GATES)
    for city, executor in ((plain, None), (beside, disk)):
        _backlog(city)
        _work_off(city, executor)
        city.step()

    assert [e.event_id for e in beside.api.events] == [e.event_id for e in plain.api.events]
    assert len(beside.api.events) > 3
    assert _digest(beside) == _digest(plain)
    assert 0 < beside.gateway.worker.acks.sent < plain.gateway.worker.acks.sent


@pytest.mark.parametrize("steps", [2, 3, 5, 12])
def test_a_kill_loses_nothing_that_the_rules_had_not_seen(
    tmp_path: Path, disk: Executor, steps: int
) -> None:
    """What was journalled and not yet shown to the rules is found by the recovery."""
    whole, killed = City(tmp_path / "whole"), City(tmp_path / "killed")
    _backlog(whole)
    _work_off(whole, None)
    _backlog(killed)
    worker = killed.gateway.worker
    worker.overlap(disk, killed.clock.now())
    for _ in range(steps):
        killed.clock.advance(0.7)
        worker.step(killed.clock.now(), 7)
    behind = journalled(killed) - worker.counters["messages"]
    told = worker.acks.sent
    killed.restart()
    _work_off(killed, disk)
    for city in (whole, killed):
        city.step()

    assert (behind, told) == (7, 1 + (steps > 8))  # told when a checkpoint was due
    assert [e.event_id for e in killed.api.events] == [e.event_id for e in whole.api.events]
    assert journalled(killed) == journalled(whole) == 200


def test_a_last_batch_does_not_wait_for_another(tmp_path: Path, disk: Executor) -> None:
    """When nothing more is there, the rules see what is journalled at once."""
    city = City(tmp_path)
    city.gateway.worker.overlap(disk, city.clock.now())
    _backlog(city, 5)
    city.gateway.worker.step(city.clock.now())

    assert city.gateway.worker.counters["messages"] == 5
