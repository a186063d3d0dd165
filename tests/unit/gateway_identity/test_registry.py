"""Following the API's registry: hot, through the journal, with the API away."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.envelope import Place
from contracts.registry import BoxEntry, Lifecycle, UnknownDevices
from gateway.dedupe import Dedupe
from gateway.intake import Reason
from gateway.rule_host import RuleHost
from runtime.journal import read_journal
from tests.unit.gateway.city import DISTRICT, pressed, reading, topic
from tests.unit.gateway_identity.fleet_city import ENTRY, WATER, FleetCity

HERE = Place(lon=113.93, lat=22.53, grid="440305001001001")


@pytest.fixture
def city(tmp_path: Path) -> FleetCity:
    """A city whose gateway flags what the registry does not know."""
    return FleetCity(tmp_path)


@pytest.fixture
def strict(tmp_path: Path) -> FleetCity:
    """A city whose gateway turns away what the registry does not know."""
    return FleetCity(tmp_path, unknown=UnknownDevices.REJECT)


def flooded(city: FleetCity, first_seq: int = 0) -> None:
    """Let the water stand high for longer than the rule wants."""
    city.flood(9, first_seq=first_seq)


def test_an_event_stands_where_the_registry_says(city: FleetCity) -> None:
    """Place and grid of an event come from the registry, though its box told none."""
    city.registry.put(ENTRY, replace(WATER, place=HERE))
    city.settle()
    flooded(city)

    assert city.api.events[0].place == HERE
    assert city.api.events[0].cause.flags == ()


def test_without_a_registry_everything_is_taken(city: FleetCity) -> None:
    """Before anything was registered nobody is unknown."""
    flooded(city)

    assert city.api.events[0].cause.flags == ()


def test_an_unknown_device_is_flagged_and_counted(city: FleetCity) -> None:
    """With the lenient policy its events say that nobody knows it."""
    city.registry.put(ENTRY)
    city.settle()
    city.send(pressed(0, city.clock.now()))
    city.step()

    assert city.api.events[0].cause.flags == ("unregistered_device",)
    assert city.gateway.host.maker.counters["unregistered_device"] == 1


def test_an_unknown_device_is_turned_away(strict: FleetCity) -> None:
    """With the strict policy it raises nothing, is counted, and its box is acknowledged."""
    strict.registry.put(ENTRY)
    strict.settle()
    flooded(strict)

    assert strict.api.events == []
    assert strict.gateway.host.maker.counters["unregistered_device"] == 9
    assert strict.gateway.dedupe.waiting() == 0


def test_a_device_registered_meanwhile_is_taken_at_once(strict: FleetCity) -> None:
    """A hot change needs no restart, and ends what was held against the device."""
    strict.registry.put(ENTRY)
    strict.settle()
    strict.flood(2)
    strict.registry.put(WATER)
    strict.settle()
    flooded(strict, first_seq=2)

    assert [name[0] for name in strict.api.names()] == ["waterlogging"] * len(strict.api.names())
    assert strict.api.events[0].cause.flags == ()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        pytest.param(None, Reason.UNREGISTERED_BOX, id="unknown"),
        pytest.param(replace(ENTRY, lifecycle=Lifecycle.RETIRED), Reason.RETIRED_BOX, id="retired"),
        pytest.param(replace(ENTRY, site="elsewhere"), Reason.MISPLACED_BOX, id="misplaced"),
    ],
)
def test_a_box_that_should_not_speak_is_turned_away(
    strict: FleetCity, entry: BoxEntry | None, reason: Reason
) -> None:
    """It is counted by reason, kept as a dead letter, and acknowledged so that it goes on."""
    other = replace(ENTRY, box="box-7")
    strict.registry.put(*([other] if entry is None else [other, entry]))
    strict.settle()
    strict.send(reading(0, strict.clock.now()))
    strict.step()

    assert strict.gateway.worker.intake.rejected[reason] == 1
    assert (
        strict.gateway.dedupe.through(
            "box-1", "00000000000000aa", reading(0, strict.clock.now()).channel
        )
        == 0
    )


def test_a_device_speaks_through_its_own_box_only(strict: FleetCity) -> None:
    """A reading of somebody else's device is turned away: identities cannot be lent."""
    strict.registry.put(ENTRY, replace(WATER, box="box-2"))
    strict.settle()
    flooded(strict)

    assert strict.api.events == []
    assert strict.gateway.host.maker.counters["foreign_box"] == 9


def test_a_device_struck_off_is_unknown_again(strict: FleetCity) -> None:
    """What leaves the registry is turned away from then on."""
    strict.registry.put(ENTRY, WATER)
    strict.settle()
    strict.flood(1)
    strict.registry.strike_off("water-1")
    strict.settle()
    flooded(strict, first_seq=1)

    assert strict.api.events == []


def test_a_restart_with_the_api_down_knows_it_all(strict: FleetCity) -> None:
    """Checkpoint and journal hold the registry; the API is asked only for what came after."""
    strict.registry.put(ENTRY, replace(WATER, place=HERE))
    strict.settle()
    strict.registry.up = False
    strict.restart()
    flooded(strict)

    assert strict.gateway.host.registry.revision == 2
    assert strict.api.events[0].place == HERE
    assert strict.gateway.fleet is not None
    assert strict.gateway.fleet.link.failing


def test_an_outage_is_polled_with_patience(strict: FleetCity) -> None:
    """While the API is down polls become rarer, and the first answer brings what was missed."""
    strict.registry.put(ENTRY)
    strict.settle()
    strict.registry.up = False
    strict.run(300)
    assert strict.gateway.fleet is not None
    failures = strict.gateway.fleet.link.counters["failures"]
    strict.registry.put(WATER)
    strict.registry.up = True
    strict.run(60)

    assert 3 * 5 < failures < 3 * 150
    assert strict.gateway.host.registry.revision == 2


def test_an_api_that_lost_its_past_is_believed_anew(strict: FleetCity) -> None:
    """A registry restored from an older backup replaces what is known, and forgets what it lacks."""
    strict.registry.put(ENTRY, WATER, replace(WATER, device="water-2"))
    strict.settle()
    strict.registry.forget()
    strict.registry.put(ENTRY, WATER)
    strict.settle()

    assert sorted(strict.gateway.host.registry.devices) == ["water-1"]
    assert strict.gateway.host.registry.revision == 2


def test_a_large_registry_is_journalled_in_pieces(strict: FleetCity) -> None:
    """Every piece fits a record, and none of it is in force before all of it is."""
    devices = [replace(WATER, device=f"water-{n}") for n in range(1200)]
    strict.registry.put(ENTRY, *devices)
    strict.settle()

    assert len(strict.gateway.host.registry.devices) == 1200
    assert strict.gateway.fleet is not None
    assert strict.gateway.fleet.desk.counters["registry_updates"] == 3


def test_a_replay_of_the_journal_knows_the_same(strict: FleetCity) -> None:
    """State is a function of the journal: registry and policy included."""
    strict.registry.put(ENTRY, WATER)
    strict.settle()
    flooded(strict)
    replayed = RuleHost(Dedupe(), default_district=DISTRICT)

    events = []
    for record in read_journal(strict.folder / "state" / "journal"):
        events += replayed.apply(record).events

    assert events == strict.api.events
    assert replayed.registry.devices == strict.gateway.host.registry.devices
    assert replayed.registry.unknown is UnknownDevices.REJECT


def test_a_changed_policy_holds_after_the_restart(city: FleetCity) -> None:
    """The policy is journalled too, so that a replay decides as the gateway did."""
    city.registry.put(ENTRY)
    city.settle()
    city.unknown = UnknownDevices.REJECT
    city.restart()
    city.step()
    flooded(city)

    assert city.api.events == []


def test_a_foreign_topic_is_no_way_into_the_registry(strict: FleetCity) -> None:
    """A registry update that comes over the hub is turned away."""
    strict.send(b'{"type":"registry.v1","revision":1}', on=topic())
    strict.step()

    assert strict.gateway.host.registry.revision == 0
    assert strict.gateway.worker.intake.rejected[Reason.UNKNOWN_TYPE] == 1
