"""States of an older version of a rule: taken over under new names, or refused with a reason."""

from typing import Any

import pytest

from rules.engine import Engine
from tests.unit.rules.scenario import T0, PackFault, feed, pack, reading, rule, seen, step, told

LADDER = [
    step("blue", "depth_m >= 15 cm", for_="60s"),
    step("yellow", "depth_m >= 27 cm"),
]
OLD = rule(id="old", ladder=LADDER)


def test_a_new_version_in_mid_episode_keeps_the_event_id() -> None:
    """Another threshold is another version of the same rule; the open event goes on."""
    engine = Engine([pack(rule(ladder=[step("blue", "depth_m >= 15 cm")]))])
    first = feed(engine, [reading(0, 0.2)])
    engine.replace([pack(rule(ladder=[step("blue", "depth_m >= 10 cm")]))], T0 + 5.0)

    end = feed(engine, [reading(10, 0.12), reading(20, 0.0)])

    assert [(first[0].event_id, 1, "end")] == [(b.event_id, b.rev, b.phase.value) for b in end]
    assert first[0].rule_version != end[0].rule_version


def test_a_rule_with_another_id_goes_on() -> None:
    """Event id, revision and pending delays; the old name leaves the checkpoint."""
    engine = Engine([pack(OLD)])
    first = feed(engine, [reading(0, 0.3), reading(30, 0.2)])
    engine.take_dirty()

    moved = engine.replace([pack(rule(id="new", ladder=LADDER, migrate={"rule": "old"}))], T0 + 31)
    blobs = engine.take_dirty()
    later = feed(engine, [reading(60, 0.2)])

    assert moved == []
    assert (blobs["old\x1fpond-1"], blobs["new\x1fpond-1"] is None) == (None, False)
    assert [(first[0].event_id, "new", "blue")] == [
        (one.event_id, one.rule, one.level.value) for one in (*first, *later)[-1:]
    ]


def test_a_level_with_another_name_keeps_what_it_held() -> None:
    """What was yellow is red now; no condition is judged for that."""
    ladder = [LADDER[0], step("red", "depth_m >= 27 cm")]
    engine = Engine([pack(OLD)])
    feed(engine, [reading(0, 0.3)])

    moved = engine.replace(
        [pack(rule(id="old", ladder=ladder, migrate={"levels": {"yellow": "red"}}))], T0 + 5.0
    )

    assert told(moved) == [("update", "red", 5.0)]


def test_a_key_name_that_changed_keeps_its_values() -> None:
    """A track is known by its camera under either name."""
    parts: dict[str, Any] = {
        "watch": {"stream": "tracks"},
        "ladder": [step("blue", "dwell_s > 1 s", for_="30s")],
    }
    before = pack(rule(**parts, key=["camera", "track"]))
    after = pack(rule(**parts, key=["subject", "track"], migrate={"key": {"camera": "subject"}}))
    engine = Engine([before])
    feed(engine, [seen("tracks", at, {"track": "7"}, dwell_s=9.0) for at in (0, 15)])

    engine.replace([after], T0 + 16.0)
    found = feed(engine, [seen("tracks", 30, {"track": "7"}, dwell_s=9.0)])

    assert told(found) == [("open", "blue", 30.0)]


def test_states_that_cannot_go_on_are_refused_with_the_reason() -> None:
    """The open event ends and says why; the states are counted."""
    engine = Engine([pack(OLD)])
    feed(engine, [reading(0, 0.3)])

    found = engine.replace([pack(rule(id="old", ladder=LADDER, key=["site"]))], T0 + 5.0)

    assert told(found) == [("end", "yellow", 5.0)]
    assert "its key is site, and was subject" in found[0].cause.expression
    assert (engine.counters["refused"], list(engine.refused)) == (1, ["old"])


@pytest.mark.parametrize(
    ("migrate", "reason"),
    [
        ({"levels": {"blue": "yellow"}}, "still there"),
        ({"levels": {"red": "red"}}, "no step red"),
        ({"key": {"camera": "place"}}, "not in the key"),
    ],
    ids=["level kept", "level unknown", "name unknown"],
)
def test_a_migration_that_cannot_be_meant_is_refused(migrate: dict[str, Any], reason: str) -> None:
    """With the place in the pack."""
    with pytest.raises(PackFault, match=reason):
        pack(rule(ladder=LADDER, migrate=migrate))
