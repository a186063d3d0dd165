"""The box's own look at values: it flags, and never drops or changes one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.quality import QualityFlag
from edge.sensors.first_gate import FirstGate, FirstGateConfig
from edge.sensors.ports import SensorReading

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def reading(depth_m: float, seconds: float = 0.0, unit: str | None = None) -> SensorReading:
    """Return a water level."""
    units = {} if unit is None else {"depth_m": unit}
    at = START + timedelta(seconds=seconds)
    return SensorReading("w-1", "water_level", at, {"depth_m": depth_m}, units)


@pytest.mark.parametrize(
    ("depth", "unit", "flags"),
    [
        (0.3, None, {}),
        (5.0, None, {}),
        (5.1, None, {"depth_m": QualityFlag.FAIL}),
        (-0.1, None, {"depth_m": QualityFlag.FAIL}),
        (300.0, "cm", {}),
        (700.0, "cm", {"depth_m": QualityFlag.FAIL}),
        (1.0, "Cel", {"depth_m": QualityFlag.MISSING}),
    ],
    ids=["inside", "at the end", "above", "below", "another unit", "above in it", "no length"],
)
def test_a_value_is_held_against_its_profile(
    depth: float, unit: str | None, flags: dict[str, QualityFlag]
) -> None:
    """Without configuration the range of the profile holds, in whatever unit."""
    judged = FirstGate().judge(reading(depth, unit=unit))

    assert judged.flags == flags


def test_a_jump_is_suspect() -> None:
    """Half a metre in a second is no water; the value after it is judged against the jump."""
    gate = FirstGate([FirstGateConfig(profile="water_level", field="depth_m", rate_per_s=0.05)])
    found = [
        gate.judge(reading(depth, at)).flags for at, depth in enumerate((0.1, 0.12, 0.7, 0.71))
    ]

    assert found == [{}, {}, {"depth_m": QualityFlag.SUSPECT}, {}]


def test_standing_still_is_suspect_after_a_while() -> None:
    """A value within the tolerance for a minute is stuck; a move clears it."""
    gate = FirstGate(
        [FirstGateConfig(profile="water_level", field="depth_m", stuck_s=60.0, tolerance=0.001)]
    )
    still = [gate.judge(reading(0.3, n * 10.0)).flags for n in range(8)]
    moved = gate.judge(reading(0.31, 80.0)).flags

    assert [bool(flags) for flags in still] == [False] * 6 + [True] * 2
    assert moved == {}
    assert gate.counters["values_flagged"] == 2


@given(values=st.lists(st.floats(allow_nan=False, width=32), max_size=30))
def test_no_reading_is_dropped_or_changed(values: list[float]) -> None:
    """Whatever the gate thinks, what was measured goes on as it was measured."""
    gate = FirstGate(
        [
            FirstGateConfig(
                profile="water_level", field="depth_m", rate_per_s=0.1, stuck_s=3.0, high=2.0
            )
        ]
    )
    given_ = [reading(value, number) for number, value in enumerate(values)]
    judged = [gate.judge(one) for one in given_]

    assert [(one.at, one.values, one.units) for one in judged] == [
        (one.at, one.values, one.units) for one in given_
    ]


def test_flags_and_texts_have_no_range() -> None:
    """A truth value or a text is left alone."""
    at = datetime(2026, 7, 1, tzinfo=UTC)
    manhole = SensorReading("m-1", "manhole", at, {"cover_open": True, "tilt_deg": 1.0})

    assert FirstGate().judge(manhole).flags == {}
