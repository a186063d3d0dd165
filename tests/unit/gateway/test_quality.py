"""Quality gates in the gateway: what reaches the rules, what is said of sensors, what survives."""

from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import pytest

from contracts.event import Event
from gateway.checkpoint import Space
from gateway.dedupe import Dedupe
from gateway.rule_host import RuleHost
from runtime.journal import read_journal
from tests.unit.gateway.city import DISTRICT, GATES, PACK, START, City, reading

IMMEDIATE = """
rules:
- id: deep
  event: {type: water.ponding, dedupe: [subject]}
  watch: {profile: water_level}
  key: [subject]
  ladder:
  - {level: red, when: depth_m >= 40 cm, clear: depth_m < 35 cm}
"""


def _drive(city: City, depths: Iterable[float], every_s: float = 10.0) -> None:
    """Send depths as time passes."""
    for depth_m in depths:
        # the moment numbers the message: every reading of the box has one of its own
        seq = round((city.clock.now() - START).total_seconds() / every_s)
        city.send(reading(seq, city.clock.now(), round(depth_m, 3)))
        city.step()
        city.clock.advance(every_s)
        city.step()


def _quality(city: City) -> list[Event]:
    return [e for e in city.api.events if e.event_type == "device.data_quality"]


def _noisy(rng: Random, level: float) -> float:
    return max(0.0, level + rng.gauss(0.0, 0.003))


def test_a_single_spike_raises_nothing_with_gates_and_an_alarm_without(tmp_path: Path) -> None:
    """A failed value never reaches a rule's comparison."""
    depths = [0.1, 0.11, 0.1, 2.5, 0.1, 0.11]
    bare, gated = City(tmp_path / "a", pack=IMMEDIATE), City(tmp_path / "b", pack=IMMEDIATE + GATES)
    _drive(bare, depths)
    _drive(gated, depths)

    assert bare.api.names() == [("deep", "open", "red"), ("deep", "end", "red")]
    assert gated.api.names() == []


def test_water_that_stays_raises_its_alarm_one_reading_later(tmp_path: Path) -> None:
    """A jump is doubted once; the second value confirms it."""
    city = City(tmp_path, pack=IMMEDIATE + GATES)
    _drive(city, [0.1, 0.11, 0.9, 0.91, 0.92])

    (event,) = city.api.events
    assert (event.rule, event.cause.values, event.cause.flags) == ("deep", {"depth_m": 0.91}, ())


def test_a_suspect_value_reaches_the_rule_and_marks_its_cause(tmp_path: Path) -> None:
    """What is only doubted alarms at once, and the event says so."""
    city = City(tmp_path, pack=IMMEDIATE + GATES)
    _drive(city, [0.2, 0.21, 0.45])

    (event,) = city.api.events
    assert event.cause.values == {"depth_m": 0.45}
    assert event.cause.flags == ("suspect:spike:depth_m",)


def test_a_withheld_value_neither_fires_nor_clears(tmp_path: Path) -> None:
    """An open alarm stays open while the sensor talks nonsense, and no new one begins."""
    city = City(tmp_path, pack=IMMEDIATE + GATES)
    _drive(city, [0.50, 0.51, 0.50, 9.0, -3.0, 9.0, 0.51])

    assert [name for name in city.api.names() if name[0] == "deep"] == [("deep", "open", "red")]


FAULTS: dict[str, Callable[[Random], list[float]]] = {
    "stuck": lambda rng: [_noisy(rng, 0.1) for _ in range(30)] + [0.113] * 90,
    "spike": lambda rng: [1.8 if n % 5 == 4 else _noisy(rng, 0.1) for n in range(60)],
    "drift": lambda rng: [0.05 + 0.001 * n for n in range(90)],
    "range": lambda rng: [_noisy(rng, 0.1) for _ in range(10)] + [9.99] * 20,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_sensor_is_reported_within_minutes(tmp_path: Path, fault: str) -> None:
    """One event of the sensor and the check that found it; no alarm for the water."""
    city = City(tmp_path, pack=PACK + GATES)
    _drive(city, FAULTS[fault](Random(1)))
    opened = [event for event in _quality(city) if event.phase.value == "open"]

    assert [(e.key["check"], e.key["field"]) for e in opened] == [(fault, "depth_m")]
    assert opened[0].key["subject"] == "water-1"
    assert opened[0].title.en == f"water-1: {fault} of depth_m"
    assert opened[0].district == DISTRICT
    assert (opened[0].at - opened[0].onset_at).total_seconds() < 60.0
    assert [name for name in city.api.names() if name[0] == "waterlogging"] == []


def test_a_healthy_sensor_is_not_reported(tmp_path: Path) -> None:
    """Water that comes and goes, with the noise of a probe, is nobody's fault."""
    rng = Random(2)
    rise = [0.6 * (1 - abs(n - 60) / 60) ** 2 for n in range(121)]
    city = City(tmp_path, pack=PACK + GATES)
    _drive(city, [_noisy(rng, depth) if depth else 0.0 for depth in [0.0] * 30 + rise + [0.0] * 60])

    assert _quality(city) == []
    assert [name[0] for name in city.api.names()] != []


def test_the_event_ends_when_the_sensor_moves_again(tmp_path: Path) -> None:
    """A stuck probe that is freed closes its event."""
    city = City(tmp_path, pack=PACK + GATES)
    _drive(city, [0.213] * 20 + [0.1, 0.12, 0.11])

    assert [(e.phase.value, e.rev) for e in _quality(city)] == [("open", 0), ("end", 1)]
    assert _quality(city)[0].cause.flags == ("suspect:stuck:depth_m",)


def test_gates_survive_a_restart_in_mid_stretch(tmp_path: Path) -> None:
    """A kill while a sensor stands still delays nothing: same events as without."""
    depths = [0.2 + 0.01 * (n % 3) for n in range(7)] + [0.213] * 30
    whole, cut = (
        City(tmp_path / "whole", pack=PACK + GATES),
        City(tmp_path / "cut", pack=PACK + GATES),
    )
    _drive(whole, depths)
    for start in range(0, len(depths), 4):
        _drive(cut, depths[start : start + 4])
        if start % 8:
            cut.gateway.worker.checkpoint()
        cut.restart()

    assert [_named(e) for e in _quality(cut)] == [_named(e) for e in _quality(whole)]
    assert len(_quality(whole)) == 1
    assert cut.gateway.host.inspector.digest() == whole.gateway.host.inspector.digest()


def _named(event: Event) -> tuple[object, ...]:
    return (event.event_id, event.rev, event.phase, event.at, event.cause.values, event.cause.flags)


@pytest.mark.parametrize("seed", range(5))
def test_replay_of_the_journal_gives_the_same_events(tmp_path: Path, seed: int) -> None:
    """The journal alone, packs included, leads to the same events and the same state."""
    rng = Random(seed)
    city = City(tmp_path, pack=PACK + GATES)
    depths = [rng.choice([0.1, 0.2, 0.213, 0.45, 3.0, 9.0]) for _ in range(120)]
    depths[40:70] = [0.213] * 30
    _drive(city, depths)
    replayed = RuleHost(Dedupe(gap_after_s=600.0), default_district=DISTRICT)
    events = [
        event
        for record in read_journal(tmp_path / "state" / "journal")
        for event in replayed.apply(record).events
    ]

    assert events == city.api.events
    assert len(_quality(city)) > 1
    assert replayed.digest() == city.gateway.host.digest()


def test_telemetry_is_asked_for_again_without_moving_the_gates(tmp_path: Path) -> None:
    """A recovery that only rewrites points leaves the state of the gates as it was."""
    city = City(tmp_path, pack=PACK + GATES)
    _drive(city, [0.2, 0.21, 0.9])
    before = city.gateway.host.digest()
    points = [
        point
        for record in read_journal(tmp_path / "state" / "journal")
        for point in city.gateway.host.points(record)
    ]

    assert [point.value for point in points] == [0.2, 0.21, 0.9]
    assert city.gateway.host.counters["unreadable_records"] == 0
    assert city.gateway.host.digest() == before


def test_a_new_version_of_the_gates_keeps_what_they_know(tmp_path: Path) -> None:
    """A pack that is edited while a sensor stands still does not start the clock anew."""
    city = City(tmp_path, pack=PACK + GATES)
    _drive(city, [0.213] * 10)
    city.pack_file.write_text(PACK + GATES.replace("for: 10m", "for: 9m"), encoding="utf-8")
    _drive(city, [0.213] * 4)

    assert [e.key["check"] for e in _quality(city)] == ["stuck"]
    assert _quality(city)[0].at.timestamp() - _quality(city)[0].onset_at.timestamp() == 0.0


def test_a_profile_without_gates_is_not_inspected(tmp_path: Path) -> None:
    """Without gates there is no state of gates, and nothing in the checkpoint."""
    city = City(tmp_path, pack=PACK)
    _drive(city, [0.2] * 5)

    assert city.gateway.host.inspector.key_count == 0
    assert city.gateway.host.take_dirty()[Space.QUALITY] == {}


def test_a_checkpoint_without_gates_is_read_by_a_pack_with_them(tmp_path: Path) -> None:
    """Gates that come with a new pack start where they are put in force."""
    city = City(tmp_path, pack=PACK)
    _drive(city, [0.2] * 5)
    city.gateway.worker.checkpoint()
    city.pack_file.write_text(PACK + GATES, encoding="utf-8")
    city.restart()
    _drive(city, [0.213] * 20)

    assert [e.key["check"] for e in _quality(city)] == ["stuck"]
