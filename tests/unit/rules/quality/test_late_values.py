"""Late readings at the gates: flagged, and seen by the rules, as if they had come in order."""

import functools
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.envelope import Place
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.quality.inspector import Inspector
from rules.quality.telling import tell
from rules.sample import Sample
from tests.unit.rules.scenario import T0, PackFault, reading, rule, step, told
from tests.unit.rules.signal_scenario import DEPTH, FLASH, HERE, PLACES
from tests.unit.rules.test_late_properties import _arrive, finally_told

SECTIONS: dict[str, dict[str, Any]] = {
    "all": {
        "range": {"min": "0 m", "max": "2 m"},
        "spike": {"step": "30 cm", "suspect_step": "15 cm"},
        "rate": {"change": "30 cm", "over": "10s", "fail_change": "60 cm"},
        "stuck": {"tolerance": "2 mm", "suspect_for": "30s", "for": "45s"},
        "drift": {"limit": "2 cm", "for": "1m"},
        "gap": {"max": "25s"},
        "raise": {"count": 2, "within": "1m"},
    },
    "spike": {"spike": {"step": "20 cm"}, "raise": {"count": 1, "within": "1m"}},
    "median": {"median": 3, "spike": {"step": "2 m"}},
    "gap": {"gap": {"max": "15s"}, "raise": {"count": 1, "within": "1m"}},
    "late": {"spike": {"step": "20 cm"}, "late": {"max": "1h"}, "skew": {"max": "1h"}},
    "shared": {"spike": {"step": "20 cm"}, "raise": {"count": 1, "within": "1m"}},
}
MARKS = {"drift": {"limit": "2 cm", "for": "1m"}, "gap": {"max": "25s"}}
LADDER = [
    step("blue", "depth_m >= 15 cm", clear="depth_m < 12 cm"),
    step("red", "depth_m >= 40 cm", clear="depth_m < 35 cm", for_="8s"),
]

Stream = tuple[list[Sample], list[int], list[bool]]


@functools.cache
def packs(section: str) -> tuple[RulePack, ...]:
    """Return gates with their rule, a ladder and a rule with signals behind them."""
    gates = rule(
        id="gates",
        event={"type": "device.data_quality"},
        ladder=None,
        quality=SECTIONS[section],
    )
    marks = rule(id="marks", event={"type": "device.drift"}, ladder=None, quality=MARKS)
    mean = rule(
        id="mean",
        ladder=[step("blue", "mean > 15 cm")],
        let={"mean": {"agg": "mean", "of": "depth_m", "window": {"sliding": "30s"}}},
    )
    water = {
        **FLASH,
        "signals": {"depth": DEPTH},
        "ladder": [step("red", "depth >= 20 cm", clear="depth < 10 cm")],
    }
    data: dict[str, Any] = {"places": PLACES, "rules": [gates, rule(ladder=LADDER), mean, water]}
    if section == "shared":
        data["rules"].append(marks)
    return (compile_pack(data, "late", PackFault),)


class Intake:
    """Gates and rules as a gateway runs them one after the other."""

    def __init__(self, section: str) -> None:
        self.packs = packs(section)
        self.engine = Engine(self.packs)
        self.inspector = self._gates()
        self.flags: dict[float, tuple[str, ...]] = {}
        self._store: dict[str, dict[str, bytes]] = {"engine": {}, "gates": {}}

    def _gates(self) -> Inspector:
        return Inspector([gates for pack in self.packs for gates in pack.quality])

    def take(self, sample: Sample | None, now: float) -> list[Breach]:
        """Return what one arrival leads to; None is a tick."""
        if sample is None:
            return self.engine.tick(now)
        inspection = self.inspector.inspect(sample, {}, now, clamped=False)
        self.flags[sample.at] = inspection.flags
        if inspection.revision is not None:
            for at, flags in inspection.revision.flags:
                self.flags[at] = () if flags == ("pass:depth_m",) else flags
        return [one for found, _ in tell(self.engine, inspection, now) for one in found]

    def restart(self) -> None:
        """Begin anew from snapshots."""
        for name, part in (("engine", self.engine), ("gates", self.inspector)):
            for key, blob in part.take_dirty().items():
                self._store[name].pop(key, None)
                if blob is not None:
                    self._store[name][key] = blob
        self.engine, self.inspector = Engine(self.packs), self._gates()
        self.engine.restore(self._store["engine"])
        self.inspector.restore(self._store["gates"])

    def run(self, steps: Sequence[tuple[Sample | None, float]]) -> list[Breach]:
        """Return what some arrivals lead to."""
        return [one for step in steps for one in self.take(*step)]


def water(at: float, depth_m: float) -> Sample:
    """Return a reading of a level that stands at a place."""
    sample = reading(at, depth_m)
    return Sample(
        stream="readings",
        profile=sample.profile,
        subject=sample.subject,
        at=sample.at,
        keys=sample.keys,
        fields=sample.fields,
        place=Place(lon=HERE[0], lat=HERE[1]),
    )


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Return readings in order, an order of arrival, and where ticks stand in it."""
    at, samples = 0.0, list[Sample]()
    for _ in range(draw(st.integers(2, 14))):
        at += draw(st.sampled_from((1.013, 5.171, 10.317, 31.773)))
        value = draw(st.sampled_from((0.05, 0.05, 0.051, 0.1, 0.2, 0.28, 0.5, 0.9, 3.0)))
        samples.append(water(at, value))
    order = draw(st.permutations(range(len(samples))))
    return samples, list(order), draw(st.lists(st.booleans(), min_size=14, max_size=14))


@pytest.mark.parametrize("section", SECTIONS)
@settings(max_examples=25, deadline=None)
@given(stream=streams())
def test_any_order_within_the_lateness_comes_to_the_same(section: str, stream: Stream) -> None:
    """Episodes of rules, of signals and of bad sensors are in the end those of readings in order."""
    samples, order, ticks = stream
    calm, late = Intake(section), Intake(section)

    expected = calm.run(_arrive(samples, range(len(samples)), ticks))
    found = late.run(_arrive(samples, order, ticks))

    assert finally_told(expected) == finally_told(found)
    assert late.inspector.unordered == 0
    assert section == "shared" or calm.flags == late.flags


@settings(max_examples=20, deadline=None)
@given(stream=streams(), rng=st.randoms(use_true_random=False))
def test_a_restart_in_mid_disorder_changes_nothing(stream: Stream, rng: random.Random) -> None:
    """Snapshots in the midst of late readings give the same statements and the same digests."""
    whole, broken = Intake("all"), Intake("all")
    found: list[Breach] = []
    steps = _arrive(*stream)

    expected = whole.run(steps)
    for one in steps:
        found += broken.run([one])
        if rng.random() < 0.4:
            broken.restart()

    assert expected == found
    assert whole.engine.digest() == broken.engine.digest()
    assert whole.inspector.digest() == broken.inspector.digest()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32))
def test_it_goes_on_for_two_hours(seed: int) -> None:
    """Readings that overtake each other all the time, longer than any trail, tell what they tell in order."""
    rng = random.Random(seed)
    at, samples = 0.0, list[Sample]()
    for _ in range(150):
        at += rng.choice((5.013, 20.171, 70.317))
        samples.append(water(at, rng.choice((0.05, 0.05, 0.1, 0.2, 0.5, 0.9))))
    order = sorted(range(150), key=lambda index: index + rng.uniform(0.0, 3.0))
    calm, late = Intake("all"), Intake("all")

    expected = calm.run(_arrive(samples, range(150), [False] * 150))
    found = late.run(_arrive(samples, order, [False] * 150))

    assert finally_told(expected) == finally_told(found)
    assert late.inspector.unordered == 0


def test_a_spike_that_was_none_opens_its_event() -> None:
    """A jump is withheld; the late reading before it shows that the water had risen already."""
    intake = Intake("spike")
    before = intake.run([(water(at, 0.05), T0 + at) for at in (0.0, 10.0)])
    before += intake.run([(water(30.0, 0.3), T0 + 30.0)])

    found = intake.run([(water(20.0, 0.19), T0 + 31.0)])

    assert before == []
    assert [(one.rule, *told([one])[0]) for one in found] == [
        ("waterlogging", "open", "blue", 20.0),
        ("mean", "open", "blue", 30.0),
        ("flash", "open", "red", 30.0),
    ]


def test_a_late_reading_is_flagged_in_its_place() -> None:
    """Between two calm readings a jump is a spike, also when it comes after both."""
    intake = Intake("spike")
    intake.run([(water(at, 0.05), T0 + at) for at in (0.0, 10.0, 30.0)])

    found = intake.run([(water(20.0, 0.9), T0 + 31.0)])

    assert intake.flags[T0 + 20.0] == ("fail:spike:depth_m",)
    assert [(one.rule, *told([one])[0]) for one in found] == [("gates", "open", "yellow", 30.0)]


def test_a_gap_that_was_none_is_taken_back() -> None:
    """What was said about the sensor is withdrawn when the missing reading arrives."""
    intake = Intake("gap")
    before = intake.run([(water(at, 0.05), T0 + at) for at in (0.0, 10.0, 30.0)])

    found = intake.run([(water(20.0, 0.05), T0 + 31.0)])

    assert told(before) == [("open", "yellow", 30.0)]
    assert [(one.event_id, one.phase.value) for one in found] == [(before[0].event_id, "end")]
    assert found[0].cause.flags == ("late_data", "withdrawn")
    assert intake.flags[T0 + 30.0] == ()


def test_a_second_value_of_a_moment_is_compared_with_no_other() -> None:
    """It has no place among the others: it is held against range, late and skew alone."""
    intake = Intake("spike")
    intake.run([(water(at, 0.05), T0 + at) for at in (0.0, 10.0, 20.0)])

    assert intake.run([(water(10.0, 0.9), T0 + 21.0)]) != []
    assert (intake.inspector.unordered, intake.inspector.reordered) == (1, 0)


def test_beyond_the_trail_a_value_is_compared_with_no_other() -> None:
    """What is later than the gates remember changes nothing of what they said."""
    intake = Intake("all")
    intake.run([(water(at, 0.05 + at / 1e6), T0 + at) for at in range(0, 4_000, 20)])

    intake.run([(water(2_010.0, 0.9), T0 + 4_000.0)])

    assert (intake.inspector.unordered, intake.inspector.reordered) == (1, 0)
