"""A replay tells what would have been raised, the same each time."""

from datetime import UTC, datetime, timedelta

from cityloop.rules_tools.firings import firings_of, statements_digest
from cityloop.rules_tools.replay import ReplayWindow, replay
from contracts.levels import Level
from tests.unit.rules_tools.scenario import FLOOD, T0, flood, packs, table

START = datetime.fromtimestamp(T0, UTC)


def test_a_flood_is_one_episode_with_its_course() -> None:
    """Onset, delay, gravest level, every change and the end are told."""
    (firing,) = firings_of(replay(packs(FLOOD), flood()).events)

    assert firing.key == {"subject": "uw-01"}
    assert firing.level is Level.RED
    assert (firing.onset_at, firing.delay_s) == (START + timedelta(seconds=60), 120.0)
    assert firing.ended_at == START + timedelta(seconds=300)
    assert [(step.phase.value, step.level.value) for step in firing.steps] == [
        ("open", "blue"),
        ("update", "red"),
        ("end", "red"),
    ]


def test_two_replays_have_one_digest() -> None:
    """The same packs on the same data give the same bytes."""
    first, second = (statements_digest(replay(packs(FLOOD), flood()).events) for _ in range(2))

    assert first == second


def test_another_threshold_has_another_digest() -> None:
    """The digest is over what was found, so it sees a change of the rule."""
    changed = FLOOD.replace("15 cm", "16 cm")

    assert statements_digest(replay(packs(FLOOD), flood()).events) != statements_digest(
        replay(packs(changed), flood()).events
    )


def test_what_lies_before_since_is_fed_but_not_reported() -> None:
    """An episode that was open already goes on under its own id."""
    everything = replay(packs(FLOOD), flood()).events
    window = ReplayWindow(since_s=T0 + 190.0)

    assert everything[1:] == replay(packs(FLOOD), flood(), window=window).events


def test_rows_out_of_order_are_fed_by_time() -> None:
    """A table is a set of readings: its order does not matter."""
    readings = [(60.0 * at, "uw-01", depth) for at, depth in enumerate((0.1, 0.5, 0.5, 0.1))]

    in_order = replay(packs(FLOOD), table(readings)).events
    mixed = replay(packs(FLOOD), table(reversed(readings))).events

    assert [(event.event_id, event.level, event.at) for event in in_order] == [
        (event.event_id, event.level, event.at) for event in mixed
    ]
    assert in_order


def test_unusable_values_are_counted() -> None:
    """What the profile does not allow is withheld from the rules, as live, and counted."""
    found = replay(
        packs(FLOOD), table([(0.0, "uw-01", 99.0), (60.0, "uw-01", 99.0)]), skip_idle=False
    )

    assert found.events == []
    assert found.unusable == {"out_of_range": 2}


def test_silence_is_noticed_as_live() -> None:
    """Between rows the clock goes on second by second where a rule listens to silence."""
    text = FLOOD + "  absence: {after: 90s, level: yellow}\n"
    found = replay(packs(text), table([(0.0, "uw-01", 0.1), (600.0, "uw-01", 0.1)])).events

    assert [(event.phase.value, (event.at - START).total_seconds()) for event in found] == [
        ("open", 90.0),
        ("end", 600.0),
    ]
