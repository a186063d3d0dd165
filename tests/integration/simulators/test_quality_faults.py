"""The simulated storm seen by faulty sensors, judged by the packs that ship.

The simulator knows the water, the faults are put on top: a probe that freezes, one that spikes, one that creeps.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import rules
from gateway.rule_packs import PackSource, compile_packs
from rules.breach import Breach
from rules.engine import Engine
from rules.quality.inspector import Inspector
from rules.sample import Sample
from simulators.scenario import build_scenario

EPOCH_S = 1_784_556_000.0
CADENCE_S = 10.0
FREEZES_AT = 24
"""Reading at which the probe freezes: four minutes into the storm, while the water rises."""
HOURS_AFTER = 2

Fault = Callable[[int, float], float]


def _healthy(_: int, depth_m: float) -> float:
    return depth_m


def _spiking(index: int, depth_m: float) -> float:
    return depth_m + 1.5 if index % 6 == 5 else depth_m


def _creeping(index: int, depth_m: float) -> float:
    return round(depth_m + index * 0.05 / 360.0, 3)


def _water(seed: int, subject: str, fault: Fault) -> list[float]:
    """Return what a level sensor says over the storm and the dry hours after it."""
    scenario = build_scenario("rainstorm", seed)
    (sensor,) = [one for one in scenario.subjects if one.subject == subject]
    storm = [float(scenario.measure(sensor, index)["depth_m"]) for index in range(72)]
    return [fault(index, depth) for index, depth in enumerate(storm + [0.0] * HOURS_AFTER * 360)]


def _frozen(seed: int, subject: str) -> list[float]:
    clean = _water(seed, subject, _healthy)
    return clean[:FREEZES_AT] + [clean[FREEZES_AT]] * (len(clean) - FREEZES_AT)


def _judge(
    series: list[float], subject: str = "wl-01", rain_mm_h: float | None = None
) -> list[Breach]:
    """Return what the shipped packs find, gates first, every reading arriving at once.

    Beside the level a rain gauge says the same all the time; None: there is none.
    """
    folder = Path(rules.__file__).parent / "packs"
    packs = compile_packs(
        [
            PackSource(name, (folder / name).read_text("utf-8"))
            for name in ("flood.yaml", "sensors.yaml")
        ]
    )
    inspector = Inspector([gates for pack in packs for gates in pack.quality])
    engine, found = Engine(packs), []
    for index, depth_m in enumerate(series):
        at = EPOCH_S + index * CADENCE_S
        found += engine.tick(at)
        said = [("water_level", subject, "depth_m", depth_m)]
        if rain_mm_h is not None:
            said.append(("rain_gauge", "rain-1", "rain_mm_h", rain_mm_h))
        for profile, name, field, value in said:
            sample = Sample(
                stream="readings",
                profile=profile,
                subject=name,
                at=at,
                keys={"subject": name, "site": "old-town", "box": "b-1", "district": "north"},
                fields={field: value},
            )
            inspected = inspector.inspect(sample, {}, at, clamped=False)
            found += engine.apply(inspected.sample, at)
            for finding in inspected.findings:
                found += engine.apply(finding.sample, at)
    return found


def _of_water(breaches: list[Breach]) -> list[tuple[str, str]]:
    return [(b.phase.value, b.level.value) for b in breaches if b.rule == "waterlogging"]


def _of_sensors(breaches: list[Breach]) -> list[tuple[str, str, float]]:
    """Return check, phase and reading number of what is said of the sensor."""
    return [
        (b.key["check"], b.phase.value, (b.at - EPOCH_S) / CADENCE_S)
        for b in breaches
        if b.event.type == "device.data_quality"
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("subject", ["wl-01", "wl-04", "wl-07", "wl-09", "wl-10"])
def test_no_healthy_sensor_is_blamed_for_the_storm(seed: int, subject: str) -> None:
    """Water that rises 5 cm in ten seconds, stands and drains is no fault of the probe."""
    assert _of_sensors(_judge(_water(seed, subject, _healthy))) == []


def test_a_frozen_probe_is_reported_after_half_an_hour() -> None:
    """It stood still at depth: suspect after 30 minutes, not after a week."""
    found = _of_sensors(_judge(_frozen(1, "wl-01")))

    assert found == [("stuck", "open", FREEZES_AT + 180)]


def test_a_spiking_probe_is_reported_in_minutes_and_the_flood_as_without_spikes() -> None:
    """The third spike is enough; the water's events are those of the clean series."""
    clean = _judge(_water(1, "wl-01", _healthy))
    spiking = _judge(_water(1, "wl-01", _spiking))

    assert _of_sensors(spiking)[0] == ("spike", "open", 18.0)
    assert _of_water(spiking) == _of_water(clean)
    assert len(_of_water(clean)) >= 4


def test_without_gates_the_same_spikes_make_other_events() -> None:
    """The spikes do matter: what the gates withhold would break the delays of the ladder."""
    spiking = _water(1, "wl-01", _spiking)
    folder = Path(rules.__file__).parent / "packs"
    engine = Engine(
        compile_packs([PackSource("flood.yaml", (folder / "flood.yaml").read_text("utf-8"))])
    )
    found: list[Breach] = []
    for index, depth_m in enumerate(spiking):
        at = EPOCH_S + index * CADENCE_S
        found += engine.tick(at)
        found += engine.apply(
            Sample(
                stream="readings",
                profile="water_level",
                subject="wl-01",
                at=at,
                keys={"subject": "wl-01", "site": "old-town"},
                fields={"depth_m": depth_m},
            ),
            at,
        )

    assert _of_water(found) != _of_water(_judge(_water(1, "wl-01", _healthy)))


def test_a_creeping_probe_is_reported_in_the_second_hour() -> None:
    """Five centimetres an hour on a dry street: suspect once six spans in a row agree."""
    found = _of_sensors(_judge(_water(1, "wl-10", _creeping), "wl-10"))

    assert [(check, phase) for check, phase, _ in found] == [("drift", "open")]
    assert found[0][2] <= 75 * 60 / CADENCE_S


CREEP = [round(0.05 * index / 360.0, 3) for index in range(4 * 360)]
"""A probe on a dry street that fouls by 5 cm an hour for four hours, which makes 20 cm."""


@pytest.mark.parametrize(
    ("rain_mm_h", "floods"),
    [(0.0, []), (12.0, ["blue"]), (None, ["blue"])],
    ids=["dry", "raining", "no gauge"],
)
def test_a_probe_that_creeps_in_the_dry_floods_nothing(
    rain_mm_h: float | None, floods: list[str]
) -> None:
    """While every gauge is dry its values are withheld; in the rain, or with nobody to ask, the alarm goes out."""
    found = _judge(CREEP, rain_mm_h=rain_mm_h)

    assert ("drift", "open") in [one[:2] for one in _of_sensors(found)]
    assert [level for _, level in _of_water(found)] == floods


def test_water_that_comes_over_a_creeping_probe_is_told_at_once() -> None:
    """A burst main lifts the level by 30 cm within two minutes: that is no creep, dry or not."""
    creep = CREEP[: 2 * 360]
    burst = [round(creep[-1] + 0.025 * step, 3) for step in range(1, 13)]
    found = _judge([*creep, *burst, *([burst[-1]] * 30)], rain_mm_h=0.0)
    first = next(one for one in found if one.rule == "waterlogging")

    assert (first.at - EPOCH_S) / CADENCE_S <= len(creep) + len(burst) + 6
