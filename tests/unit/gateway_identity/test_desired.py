"""Desired configurations on their way to boxes, and what boxes report."""

from pathlib import Path

import pytest

from contracts.codec import encode
from contracts.topics import Kind
from rules.actions import ActionOrder, OrderKind
from tests.unit.gateway.city import birth, topic
from tests.unit.gateway_identity.fleet_city import FleetCity, desired, reported


@pytest.fixture
def city(tmp_path: Path) -> FleetCity:
    """A city whose box listens for its configuration."""
    city = FleetCity(tmp_path)
    city.listen()
    return city


def test_a_desired_configuration_reaches_its_box(city: FleetCity) -> None:
    """It is published with version and hash, retained for a box that is away."""
    city.registry.desire(desired(1, 5))
    city.settle()
    late = city.hub.session("late")
    late.subscribe(topic(Kind.CONFIG_DESIRED))
    late.start()

    (message,) = city.heard()
    assert (message.version, message.config) == (1, {"status_every_s": 5})
    assert message.sha256 == desired(1, 5).sha256
    assert [got.retained for got in late.receive()] == [True]


def test_only_the_newest_version_is_sent(city: FleetCity) -> None:
    """Versions that were replaced before anybody heard of them are never sent."""
    city.registry.desire(desired(1, 5))
    city.registry.desire(desired(2, 6))
    city.settle()

    assert [message.version for message in city.heard()] == [2]


def test_it_is_sent_again_until_the_box_confirms_it(city: FleetCity) -> None:
    """A hub that lost its retained messages gets it again; after the box's word nobody repeats."""
    city.registry.desire(desired(1, 5))
    city.settle()
    city.heard()
    city.step(61.0)
    again = city.heard()
    city.send(
        encode(reported(desired(1, 5), city, status_every_s="applied")),
        on=topic(Kind.CONFIG_REPORTED),
    )
    city.step()
    city.step(61.0)
    city.step()

    assert [message.version for message in again] == [1]
    assert city.heard() == []


def test_a_restart_with_the_api_down_still_configures(city: FleetCity) -> None:
    """What is desired is on the gateway's disk."""
    city.registry.desire(desired(1, 5))
    city.settle()
    city.heard()
    city.registry.up = False
    city.restart()
    city.step()

    assert [message.version for message in city.heard()] == [1]


def test_the_api_is_told_what_the_box_reports(city: FleetCity) -> None:
    """A report carries version, hash and the result of every section."""
    city.send(
        encode(reported(desired(3, 5), city, cameras="needs restart")),
        on=topic(Kind.CONFIG_REPORTED),
    )
    city.send(birth(city.clock.now()))
    city.settle()
    city.settle()

    (box,) = [box for report in city.registry.reports for box in report.boxes][-1:]
    assert (box.box, box.online, box.config_version) == ("box-1", True, 3)
    assert box.sections == {"cameras": "needs restart"}


def test_the_api_is_told_once_what_became_of_an_order(city: FleetCity) -> None:
    """An order is reported when it changes, and not again while it does not."""
    order = ActionOrder(
        id="order-1",
        event_id="e",
        rev=0,
        rule="r",
        kind=OrderKind.GIVE,
        device="sign-1",
        command="sign.show",
        at=0.0,
    )
    city.gateway.commands.store.put([order], (), city.clock.now())
    for _ in range(3):
        city.settle()

    told = [word.state for report in city.registry.reports for word in report.orders]
    assert told == ["stale"]
