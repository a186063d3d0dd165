"""Clocks that step by an hour while everything runs: nothing is lost, told twice or flagged wrong."""

from pathlib import Path

import pytest

from contracts.topics import Kind
from tests.unit.gateway.city import City, journalled, reading, through, topic

HOUR_S = 3_600.0


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
def test_the_gateways_clock_steps(tmp_path: Path, step_s: float) -> None:
    """Every message on both sides of the step is journalled once and acknowledged."""
    city = City(tmp_path)
    city.box.subscribe(topic(Kind.ACK))
    for seq in range(20):
        city.send(reading(seq, city.clock.now(), 0.05))
        city.step(1.0)

    city.clock.advance(step_s)
    for seq in range(20, 40):
        city.send(reading(seq, city.clock.now(), 0.05))
        city.step(1.0)
    city.restart()
    city.step()

    assert journalled(city) == 40
    assert through(city)["readings"] == 39
    assert city.api.events == []


def test_a_boxs_clock_steps_ahead(tmp_path: Path) -> None:
    """Its stamps are set to their arrival and flagged; an alarm of another box keeps its moments."""
    city = City(tmp_path)
    for seq in range(8):
        at = city.clock.now()
        city.send(reading(seq, at))
        wrong = at if seq < 3 else city.clock.now().replace(hour=at.hour + 1)
        city.send(reading(seq, wrong, 0.05, subject="water-2", box="box-2"))
        city.step()
        city.run(10)

    opened = city.api.events[0]
    assert journalled(city) == 16
    assert (opened.rule, opened.level.value) == ("waterlogging", "red")
    assert (opened.at - opened.onset_at).total_seconds() == 60.0
    assert city.gateway.host.maker.skewed["box-2"] == 5


def test_a_boxs_clock_steps_behind(tmp_path: Path) -> None:
    """What is stamped an hour ago is taken as it is and flagged late; nobody else is moved."""
    city = City(tmp_path)
    for seq in range(8):
        at = city.clock.now()
        city.send(reading(seq, at))
        wrong = at if seq < 3 else at.replace(hour=at.hour - 1)
        city.send(reading(seq, wrong, 0.05, subject="water-2", box="box-2"))
        city.step()
        city.run(10)

    opened = city.api.events[0]
    assert journalled(city) == 16
    assert (opened.at - opened.onset_at).total_seconds() == 60.0
    assert city.gateway.host.maker.counters["late"] == 5
