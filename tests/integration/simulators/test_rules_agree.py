"""The rule engine and the simulator's own arithmetic must find the same events in one storm.

The two share no code: the engine reads a rule pack, the simulator adds up seconds by itself.
"""

from pathlib import Path

import pytest

import rules
from contracts.event import EventPhase
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.sample import Sample
from runtime.yaml_document import Document, load_document, parse_document
from simulators.scenario import Scenario, build_scenario
from simulators.truth import WATERLOGGING, ExpectedEvent, LadderStep, expected_events

EPOCH_S = 1_784_556_000.0

DESIGN_PACK = """\
rules:
- id: waterlogging
  event: {type: water.ponding, dedupe: [subject]}
  watch: {profile: water_level}
  key: [subject]
  ladder:
  - {level: blue,   when: depth_m >= 15 cm, clear: depth_m < 12 cm, for: 60s, clear_for: 5m}
  - {level: yellow, when: depth_m >= 27 cm, clear: depth_m < 23 cm, for: 60s, clear_for: 5m}
  - {level: red,    when: depth_m >= 40 cm, clear: depth_m < 35 cm, for: 60s, clear_for: 5m}
"""

SHIPPED_LADDER = tuple(
    LadderStep(level=step.level, raise_at=step.raise_at, clear_below=step.clear_below, for_s=for_s)
    for step, for_s in zip(WATERLOGGING, (60.0, 30.0, 20.0), strict=True)
)
"""The ladder of rules/packs/flood.yaml, written down a second time on purpose."""


def pack_of(document: Document) -> RulePack:
    """Return a compiled pack."""
    return compile_pack(document.data, document.name, document.error)


def samples_of(scenario: Scenario) -> list[Sample]:
    """Return the water levels of a scenario in order of time."""
    found = [
        Sample(
            stream="readings",
            profile="water_level",
            subject=subject.subject,
            at=EPOCH_S + scenario.elapsed_s(subject, index),
            keys={"subject": subject.subject, "site": "old-town"},
            fields={"depth_m": float(scenario.measure(subject, index)["depth_m"])},
        )
        for subject in scenario.subjects
        if subject.profile == "water_level"
        for index in range(72)
    ]
    return sorted(found, key=lambda sample: sample.at)


def breaches_of(pack: RulePack, samples: list[Sample]) -> list[Breach]:
    """Return what an engine finds, fed sample by sample with a tick every second."""
    engine = Engine([pack])
    found: list[Breach] = []
    tick_s = samples[0].at
    for sample in samples:
        while tick_s < sample.at:
            found += engine.tick(tick_s)
            tick_s += 1.0
        found += engine.apply(sample, sample.at)
    return [breach for breach in found if breach.rule == "waterlogging"]


def course(breaches: list[Breach]) -> dict[str, list[tuple[float, str | None]]]:
    """Return per subject what level an episode had from which second on; None is its end."""
    courses: dict[str, list[tuple[float, str | None]]] = {}
    for breach in breaches:
        level = None if breach.phase is EventPhase.END else breach.level.value
        steps = courses.setdefault(breach.key["subject"], [])
        steps.append((round(breach.at - EPOCH_S, 3), level))
    return courses


def expected_course(events: list[ExpectedEvent]) -> dict[str, list[tuple[float, str | None]]]:
    """Return the same from the simulator's truth."""
    return {
        event.subject: [
            (round(change.at_s, 3), change.level.value if change.level else None)
            for change in event.changes
        ]
        for event in events
    }


@pytest.mark.parametrize("seed", [1, 2, 3, 7])
@pytest.mark.parametrize("pack", ["design", "shipped"])
def test_engine_and_truth_find_the_same_events(seed: int, pack: str) -> None:
    """Same subjects, same levels at the same seconds, same onsets, for every seed."""
    scenario = build_scenario("rainstorm", seed)
    if pack == "design":
        compiled, ladder = pack_of(parse_document(DESIGN_PACK, "design.yaml")), WATERLOGGING
    else:
        path = Path(rules.__file__).parent / "packs" / "flood.yaml"
        compiled, ladder = pack_of(load_document(path)), SHIPPED_LADDER
    breaches = breaches_of(compiled, samples_of(scenario))
    events = expected_events(scenario, ladder, until_s=719.0)
    onsets = {
        breach.key["subject"]: round(breach.onset_at - EPOCH_S, 3)
        for breach in breaches
        if breach.phase is EventPhase.OPEN
    }

    assert len(events) == 6
    assert expected_course(events) == course(breaches)
    assert {event.subject: round(event.onset_s, 3) for event in events} == onsets
