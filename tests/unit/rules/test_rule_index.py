"""Rules are found by what they read and by the subjects that they name."""

from typing import Any

import pytest

from rules.engine import Engine
from rules.pack_tests import run_pack_tests
from rules.rule_index import RuleIndex
from tests.unit.rules.scenario import T0, feed, pack, reading, rule, seen, step

ANY = rule(id="any")


def named(name: str, *subjects: str, **watch: Any) -> dict[str, Any]:
    """Return a rule of some subjects."""
    return rule(id=name, watch={"profile": "water_level", "subject": list(subjects), **watch})


@pytest.mark.parametrize(
    ("subject", "found"),
    [("pond-1", ["any", "one", "both"]), ("pond-2", ["any", "both"]), ("pond-3", ["any"])],
)
def test_a_subject_is_read_by_its_rules_and_those_for_all(subject: str, found: list[str]) -> None:
    """Rules of other subjects are not even asked."""
    index = RuleIndex([pack(ANY, named("one", "pond-1"), named("both", "pond-1", "pond-2"))])

    rules = index.find(reading(0, 0.1, subject=subject))

    assert rules is not None
    assert found == [running.rule.id for running in rules]


def test_a_subject_nobody_names_is_unwatched() -> None:
    """Where all rules name subjects, others are counted as unwatched."""
    engine = Engine([pack(named("one", "pond-1"))])

    assert feed(engine, [reading(0, 0.5, subject="pond-9")]) == []
    assert engine.counters["unwatched"] == 1
    assert engine.key_count == 0


def test_ten_thousand_rules_of_others_are_not_tried() -> None:
    """What is found for one of a thousand sensors is its own rule alone."""
    rules = [named(f"rule-{n}", f"pond-{n}") for n in range(1000)]
    index = RuleIndex([pack(*rules)])

    found = index.find(reading(0, 0.1, subject="pond-500"))

    assert found is not None
    assert [running.rule.id for running in found] == ["rule-500"]


def test_a_camera_is_found_by_kind_and_by_name() -> None:
    """Observations keep their order: those of the kind, then those of any kind."""
    watch = {"stream": "observations"}
    rules = [
        rule(
            id=name,
            watch={**watch, **more},
            key=["camera", "observation"],
            ladder=[step("red", True)],
            event={"type": "traffic.wrong_way"},
        )
        for name, more in (
            ("every", {}),
            ("kind", {"kind": "wrong_way"}),
            ("own", {"kind": "wrong_way", "subject": "cam-1"}),
        )
    ]
    keys = {"kind": "wrong_way", "observation": "o-1"}

    found = RuleIndex([pack(*rules)]).find(seen("observations", 0, keys))

    assert found is not None
    assert [running.rule.id for running in found] == ["kind", "own", "every"]


@pytest.mark.parametrize(("watched", "fires"), [("site-1", True), ("site-2", False)])
def test_sites_are_told_apart(watched: str, fires: bool) -> None:
    """A rule may be about one site."""
    engine = Engine(
        [
            pack(
                rule(
                    watch={"profile": "water_level", "site": watched},
                    ladder=[step("blue", "depth_m > 10 cm")],
                )
            )
        ]
    )

    found = feed(engine, [reading(0, 0.5)])

    assert [T0] * fires == [breach.at for breach in found]


def test_a_test_feeds_the_subject_that_its_rule_names() -> None:
    """Filters are met by the tester's own sample."""
    tests = [{"series": {"depth_m": "0.5"}, "expect": ["red@*"]}]
    one = named("one", "pond-7")
    found = run_pack_tests(pack({**one, "ladder": [step("red", "depth_m > 1 cm")], "tests": tests}))

    assert found[0].ok
