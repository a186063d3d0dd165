"""Inhibition: what an open event keeps others quiet about, and what is told when it is over."""

import pytest

from rules.engine import Engine
from rules.errors import PackError
from tests.unit.rules.scenario import T0, feed, pack, reading, rule, step, told

FLOOD = rule(
    id="flood",
    event={"type": "water.flood", "inhibits": ["ponding"]},
    ladder=[step("red", "depth_m >= 40 cm")],
)
PONDING = rule(
    id="ponding", ladder=[step("blue", "depth_m >= 15 cm"), step("yellow", "depth_m > 0.3")]
)
SILENT_BOX = rule(
    id="silent-box",
    key=["box"],
    ladder=[step("red", "depth_m > 4.5")],
    absence={"after": "60s", "level": "red"},
)
SILENT = rule(
    id="silent",
    ladder=[step("red", "depth_m > 4.5")],
    absence={"after": "90s", "level": "yellow", "inhibit_by": ["silent-box"]},
)


def restarted(engine: Engine, *packs: object) -> Engine:
    """Return a new engine with the state of another, as after a crash."""
    blobs = {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
    fresh = Engine(list(packs))  # type: ignore[arg-type]
    fresh.restore(blobs)
    return fresh


def _by_rule(breaches: list, rule_id: str) -> list[tuple[str, str, float]]:  # type: ignore[type-arg]
    return told([breach for breach in breaches if breach.rule == rule_id])


@pytest.mark.parametrize("rules", [(FLOOD, PONDING), (PONDING, FLOOD)], ids=["before", "after"])
def test_an_open_event_keeps_others_quiet(rules: tuple[dict[str, object], ...]) -> None:
    """While the place is flooded nobody is told that there is water, whatever the order of rules."""
    engine = Engine([pack(*rules)])

    found = feed(engine, [reading(0, 0.5), reading(10, 0.5)])

    assert told(found) == [("open", "red", 0.0)]
    (quiet,) = engine.suppressed()
    assert (quiet.rule, quiet.by, quiet.level, quiet.since) == ("ponding", "flood", "yellow", T0)


def test_what_is_still_true_is_told_when_the_inhibition_ends() -> None:
    """The event then opens with its own onset."""
    engine = Engine([pack(FLOOD, PONDING)])

    found = feed(engine, [reading(0, 0.5), reading(10, 0.35)])
    found += engine.tick(T0 + 11.0)

    assert _by_rule(found, "ponding") == [("open", "yellow", 11.0)]
    assert [breach.onset_at for breach in found if breach.rule == "ponding"] == [T0]
    assert engine.suppressed() == []


def test_what_came_and_went_is_never_told() -> None:
    """No notice of the end of an event that nobody was told of."""
    engine = Engine([pack(FLOOD, PONDING)])

    found = feed(engine, [reading(0, 0.5), reading(10, 0.0), reading(20, 0.0)], ticks=True)

    assert _by_rule(found, "ponding") == []


def test_what_was_told_before_is_ended_all_the_same() -> None:
    """An event that people know of does not stay open because another one is."""
    engine = Engine([pack(FLOOD, PONDING)])
    second = reading(30, 0.5, subject="pond-2")
    samples = [reading(0, 0.2), reading(10, 0.5), second, reading(40, 0.0)]

    found = feed(engine, samples)

    assert _by_rule(found, "ponding") == [("open", "blue", 0.0), ("end", "blue", 40.0)]


def test_other_keys_speak() -> None:
    """Only what agrees in the names that both keys have is kept quiet."""
    engine = Engine([pack(FLOOD, PONDING)])

    found = feed(engine, [reading(0, 0.5), reading(5, 0.2, subject="pond-2")])

    assert [
        (breach.rule, breach.key["subject"]) for breach in found if breach.rule == "ponding"
    ] == [("ponding", "pond-2")]


def test_a_restart_neither_tells_nor_forgets() -> None:
    """What was kept quiet before a restart is so after it (Alertmanager #4064), and told at the end."""
    packs = [pack(FLOOD, PONDING)]
    engine = Engine(packs)
    feed(engine, [reading(0, 0.5)])

    again = restarted(engine, *packs)
    quiet = feed(again, [reading(10, 0.5)])
    released = feed(again, [reading(20, 0.35)])
    later = restarted(again, *packs).tick(T0 + 21.0)

    assert (quiet, _by_rule(released, "ponding")) == ([], [])
    assert told(later) == [("open", "yellow", 21.0)]


def test_a_rule_that_is_gone_keeps_nobody_quiet() -> None:
    """A reload without the inhibiting rule lets the others speak."""
    engine = Engine([pack(FLOOD, PONDING)])
    feed(engine, [reading(0, 0.5)])

    found = engine.replace([pack(PONDING)], T0 + 5.0) + engine.tick(T0 + 6.0)

    assert _by_rule(found, "ponding") == [("open", "yellow", 5.0)]


def test_a_silent_box_explains_its_silent_sensors() -> None:
    """One event for the box; when it is back, its sensors have their time once more."""
    engine = Engine([pack(SILENT_BOX, SILENT)])
    feed(engine, [reading(0, 0.1), reading(0, 0.1, subject="pond-2")])

    silent = [breach for at in range(0, 200, 5) for breach in engine.tick(T0 + at)]
    back = feed(engine, [reading(200, 0.1)])
    later = feed(engine, [reading(at, 0.1) for at in range(201, 300)], ticks=True)

    assert [(one.rule, one.phase.value) for one in silent] == [("silent-box", "open")]
    assert [(one.rule, one.phase.value) for one in back] == [("silent-box", "end")]
    assert [(one.rule, one.key, one.onset_at) for one in later] == [
        ("silent", {"subject": "pond-2"}, T0)
    ]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (
            (
                FLOOD,
                PONDING,
                {
                    **SILENT,
                    "key": ["site"],
                    "absence": {**SILENT["absence"], "inhibit_by": ["flood"]},
                },
            ),
            "no name in common",
        ),
        (
            (FLOOD, {**PONDING, "event": {"type": "water.a", "inhibits": ["flood"]}}),
            "inhibit each other",
        ),
    ],
    ids=["nothing shared", "circle"],
)
def test_an_inhibition_that_cannot_work_is_refused(
    rules: tuple[dict[str, object], ...], reason: str
) -> None:
    """Keys without a name in common and circles are faults of the packs."""
    with pytest.raises(PackError, match=reason):
        Engine([pack(*rules)])
