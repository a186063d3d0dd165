"""Groups: many keys, one event that names its members."""

import pytest

from contracts.control import Control, ControlAction
from contracts.readings import moment
from rules.engine import Engine
from rules.pack import RulePack
from tests.unit.rules.scenario import T0, PackFault, feed, pack, reading, rule, step, told

GROUP = {"by": ["site"], "wait": "30s"}
PONDING = rule(
    id="ponding",
    event={"type": "water.ponding", "group": GROUP},
    ladder=[step("blue", "depth_m >= 15 cm"), step("red", "depth_m >= 40 cm")],
)
SILENT = rule(
    id="silent",
    ladder=[step("red", "depth_m > 4.5")],
    absence={"after": "60s", "level": "yellow", "group": {"by": ["box"], "wait": "10s"}},
)


def restarted(engine: Engine, packs: list[RulePack]) -> Engine:
    """Return a new engine with the state of another, as after a crash."""
    blobs = {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
    fresh = Engine(packs)
    fresh.restore(blobs)
    return fresh


def test_the_first_member_waits_for_others() -> None:
    """After the wait there is one event with all that came, at the gravest level."""
    engine = Engine([pack(PONDING)])

    found = feed(engine, [reading(0, 0.2), reading(10, 0.5, subject="pond-2")])
    (event,) = engine.tick(T0 + 30.0)

    assert found == []
    assert told([event]) == [("open", "red", 10.0)]
    assert event.members == ("pond-1", "pond-2")
    assert (event.key, event.onset_at, event.subject) == ({"site": "site-1"}, T0, None)
    assert event.title.en.endswith(" and 1 more")


def test_news_of_members_waits_and_graver_news_does_not() -> None:
    """A third pond is told after another wait, a rise of the level and the end at once."""
    engine = Engine([pack(PONDING)])
    feed(engine, [reading(0, 0.2), reading(0, 0.2, subject="pond-2")])
    engine.tick(T0 + 30.0)

    quiet = feed(engine, [reading(40, 0.2, subject="pond-3")]) + engine.tick(T0 + 69.0)
    joined = engine.tick(T0 + 70.0)
    graver = feed(engine, [reading(71, 0.5, subject="pond-3")])
    feed(engine, [reading(80, 0.0, subject=name) for name in ("pond-1", "pond-2")])
    over = feed(engine, [reading(81, 0.0, subject="pond-3")])

    assert quiet == []
    assert [one.members for one in joined] == [("pond-1", "pond-2", "pond-3")]
    assert told(graver) == [("update", "red", 71.0)]
    assert told(over) == [("end", "red", 81.0)]
    assert [one.rev for one in (*joined, *graver, *over)] == [1, 2, 3]


def test_what_came_and_went_within_the_wait_is_told() -> None:
    """Waiting for others loses nothing."""
    engine = Engine([pack(PONDING)])

    found = feed(engine, [reading(0, 0.2), reading(10, 0.0)]) + engine.tick(T0 + 30.0)

    assert [one.phase.value for one in found] == ["open", "end"]
    assert engine.tick(T0 + 100.0) == []


def test_silent_sensors_of_one_box_are_one_event() -> None:
    """A dead box is one event that names its sensors, and ends when the last is back."""
    engine = Engine([pack(SILENT)])
    names = ("pond-1", "pond-2", "pond-3")
    feed(engine, [reading(0, 0.1, subject=name) for name in names])

    silent = [one for at in range(100) for one in engine.tick(T0 + at)]
    back = feed(engine, [reading(100, 0.1, subject=name) for name in names])

    assert [(one.phase.value, one.key, one.members) for one in silent] == [
        ("open", {"box": "box-1"}, names)
    ]
    assert [one.phase.value for one in back] == ["end"]


@pytest.mark.parametrize("at", [5, 35, 45], ids=["waiting", "open", "news waiting"])
def test_a_restart_changes_nothing(at: int) -> None:
    """Members, wait and revisions are part of the snapshot."""
    packs = [pack(PONDING)]
    samples = [reading(0, 0.2), reading(40, 0.2, subject="pond-2"), reading(90, 0.0)]
    samples.append(reading(95, 0.0, subject="pond-2"))
    whole, engine = Engine(packs), Engine(packs)
    expected, found = [], []
    for second in range(120):
        due = [one for one in samples if one.at == T0 + second]
        if second == at:
            engine = restarted(engine, packs)
        expected += whole.tick(T0 + second) + feed(whole, due)
        found += engine.tick(T0 + second) + feed(engine, due)

    assert expected == found
    assert [one.phase.value for one in found] == ["open", "update", "end"]
    assert whole.digest() == engine.digest()


def test_acknowledging_the_group_acknowledges_its_members() -> None:
    """People act on the event that they see."""
    latched = {**PONDING, "latch": True}
    engine = Engine([pack(latched)])
    feed(engine, [reading(0, 0.2), reading(0, 0.2, subject="pond-2")])
    (event,) = engine.tick(T0 + 30.0)
    names = ("pond-1", "pond-2")

    held = feed(engine, [reading(40, 0.0, subject=name) for name in names])
    control = Control(
        id="c-1",
        action=ControlAction.ACKNOWLEDGE,
        at=moment(T0 + 50.0),
        by="duty",
        event_id=event.event_id,
    )
    over = engine.control(control, T0 + 50.0)

    assert held == []
    assert [one.phase.value for one in over][-1:] == ["end"]


def test_a_group_goes_on_when_its_rule_goes() -> None:
    """A reload without the rule ends the event that people know, not those that they do not."""
    engine = Engine([pack(PONDING)])
    feed(engine, [reading(0, 0.2), reading(0, 0.2, subject="pond-2")])
    (event,) = engine.tick(T0 + 30.0)

    found = engine.replace([pack(SILENT)], T0 + 40.0)

    assert {event.event_id} == {one.event_id for one in found}
    assert found[-1].phase.value == "end"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"group": {"by": ["colour"]}}, "no name to group by"),
        ({"group": {"by": []}}, "at least one name"),
        ({"group": {"by": ["site"], "wait": "1h"}}, "at most 10m"),
        ({"group": GROUP, "remind": "5m"}, "not together"),
    ],
    ids=["name", "none", "wait", "reminders"],
)
def test_a_group_that_cannot_work_is_refused(event: dict[str, object], reason: str) -> None:
    """With the place in the pack and what was expected."""
    with pytest.raises(PackFault, match=reason):
        pack(rule(event={"type": "water.ponding", **event}))
